"""Account for every row that was read, before anything is published."""

from dataclasses import dataclass

import duckdb
import pyarrow as pa

from schemas.check_batch import one_batch
from schemas.errors import ContractError, InputError, TooManyRejectedError
from schemas.quality import QUALITY
from schemas.rejects import REJECTS
from transforms.write_parquet import read_staged


@dataclass(frozen=True)
class InputCount:
    """Rows of one input: read = kept + rejected + ignored; ignored by a rule of the source itself."""

    input: str
    read: int
    kept: int
    rejected: int
    ignored: int


_COUNTS = """
    select item, {sums}
    from quality where scope = '{scope}' group by item having bool_or(counter = 'read') order by item
"""
_REASONS = """
    select reason, count(*) as rows, first(file order by file, "row"), first("row" order by file, "row"),
           first("column" order by file, "row")
    from rejects where input = $1 group by reason order by rows desc, reason limit 3
"""
_HINTS = {
    "not_text": "is `encoding` in the source right?",
    "after_run_date": "is --run-date right?",
    "bad_time": "are `time_formats` in the source right?",
}
_NAMES = ("read", "kept", "rejected", "ignored")


def account_for(staged: list[str]) -> tuple[list[InputCount], dict[str, int]]:
    """Read the counts of a run and see that none is missing.

    Args:
        staged: Paths of the staged batches of `quality`.

    Returns:
        The counts of each input, and reason -> rejected rows, most frequent first.

    Raises:
        ContractError: A row of a file was neither kept, nor rejected, nor ignored: a bug of ours.
    """
    quality = pa.table(one_batch(list(read_staged(staged)), QUALITY.schema))
    with duckdb.connect() as connection:
        connection.register("quality", quality)
        for file in _count(connection, "file"):
            if file.read != file.kept + file.rejected + file.ignored:
                raise ContractError(
                    f"{file.input}: {file.read} rows read, but {file.kept} kept, {file.rejected} rejected and "
                    f"{file.ignored} ignored; nothing is published. Please report this"
                )
        reasons = connection.sql(
            "select item, value::bigint from quality where scope = 'reason' order by value desc, item"
        ).fetchall()
        return _count(connection, "input"), dict(reasons)


def _count(connection: duckdb.DuckDBPyConnection, scope: str) -> list[InputCount]:
    sums = ", ".join(f"sum(value) filter (counter = '{name}')::bigint" for name in _NAMES)
    return [InputCount(*row) for row in connection.sql(_COUNTS.format(sums=sums, scope=scope)).fetchall()]


def refuse_too_many(counts: list[InputCount], max_rejected: float, staged_rejects: list[str]) -> None:
    """Stop where more rows of an input were rejected than allowed.

    Args:
        counts: The counts of each input.
        max_rejected: Largest share of rejected rows, 0 to 1.
        staged_rejects: Paths of the staged batches of `rejects`; nothing of a refused night is published, so
            the error itself says where to look.

    Raises:
        TooManyRejectedError: Names input, share, limit, and the most frequent reasons with their first rows.
    """
    for count in counts:
        share = count.rejected / count.read if count.read else 0.0
        if share > max_rejected:
            raise TooManyRejectedError(
                f"{count.input}: {count.rejected:,} of {count.read:,} rows rejected ({share:.1%}), the limit is "
                f"{max_rejected:.1%}; most frequent reasons: {_name_reasons(count.input, staged_rejects)}. "
                "Nothing is published. Check the source mapping against the export, or allow more with --max-rejected"
            )


def refuse_nothing(counts: list[InputCount]) -> None:
    """Stop where no message is left: an empty night would replace the run before with nothing.

    Raises:
        InputError: No message was kept.
    """
    messages = next((count for count in counts if count.input == "messages"), InputCount("messages", 0, 0, 0, 0))
    if not messages.kept:
        raise InputError(
            f"messages: none was kept of {messages.read:,} rows read ({messages.ignored:,} ignored by the source's own "
            "rules). Nothing is published, and the run before stays. Check the export and --messages"
        )


def _name_reasons(input_name: str, staged_rejects: list[str]) -> str:
    rejects = pa.RecordBatchReader.from_batches(REJECTS.schema, read_staged(staged_rejects))
    with duckdb.connect() as connection:
        connection.register("rejects", rejects)
        found = connection.execute(_REASONS, [input_name]).fetchall()
    return "; ".join(_name_reason(*row) for row in found)


def _name_reason(reason: str, rows: int, file: str, row: int, column: str | None) -> str:
    where = f"{file} row {row:,}" + (f", column {column}" if column else "")
    hint = f" - {_HINTS[reason]}" if reason in _HINTS else ""
    return f"{reason} {rows:,} (first in {where}){hint}"

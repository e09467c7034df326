"""Account for every row that was read, before anything is published."""

from dataclasses import dataclass

import duckdb
import pyarrow as pa

from schemas.check_batch import one_batch
from schemas.errors import ContractError, TooManyRejectedError
from schemas.quality import QUALITY
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
    from quality where scope = '{scope}' group by item order by item
"""
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


def refuse_too_many(counts: list[InputCount], reasons: dict[str, int], max_rejected: float) -> None:
    """Stop where more rows of an input were rejected than allowed.

    Raises:
        TooManyRejectedError: Names input, share, limit and the most frequent reasons.
    """
    for count in counts:
        share = count.rejected / count.read if count.read else 0.0
        if share > max_rejected:
            top = ", ".join(f"{reason} {number:,}" for reason, number in list(reasons.items())[:3])
            raise TooManyRejectedError(
                f"{count.input}: {count.rejected:,} of {count.read:,} rows rejected ({share:.1%}), the limit is "
                f"{max_rejected:.1%}; most frequent reasons: {top}. Nothing is published. Check the source mapping "
                "against the export, or allow more with --max-rejected"
            )

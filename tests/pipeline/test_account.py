from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.account import InputCount, account_for, refuse_nothing, refuse_too_many
from schemas.errors import ContractError, InputError, TooManyRejectedError
from schemas.quality import QUALITY
from schemas.rejects import REJECTS


def stage(path: Path, schema: pa.Schema, rows: list[tuple]) -> str:
    """Write one staged file, as the workers do."""
    batch = pa.RecordBatch.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)
    with pa.ipc.new_stream(str(path), schema) as stream:
        stream.write_batch(batch)
    return str(path)


def counters(scope: str, item: str, read: int, kept: int, rejected: int, ignored: int) -> list[tuple]:
    counted = {"read": read, "kept": kept, "rejected": rejected, "ignored": ignored}
    return [(scope, item, counter, float(value)) for counter, value in counted.items()]


def test_counts_of_inputs_and_reasons_most_frequent_first(tmp_path: Path) -> None:
    first = [
        *counters("file", "messages a.csv", 10, 7, 2, 1),
        *counters("input", "messages", 15, 11, 3, 1),
        ("reason", "bad_time", "rejected", 1.0),
    ]
    second = [
        *counters("file", "messages b.csv", 5, 4, 1, 0),
        *counters("file", "events e.csv", 2, 2, 0, 0),
        *counters("input", "events", 2, 2, 0, 0),
        ("reason", "missing_text", "rejected", 2.0),
        ("table", "messages", "rows", 11.0),
        ("input", "identities", "conflicting", 0.0),  # of an input that was not given
    ]
    staged = [stage(tmp_path / str(n), QUALITY.schema, rows) for n, rows in enumerate((first, second))]
    counts, reasons = account_for(staged)
    assert counts == [InputCount("events", 2, 2, 0, 0), InputCount("messages", 15, 11, 3, 1)]
    assert list(reasons.items()) == [("missing_text", 2), ("bad_time", 1)]


def test_a_row_that_went_missing_stops_the_night(tmp_path: Path) -> None:
    staged = stage(tmp_path / "q", QUALITY.schema, counters("file", "messages a.csv", 10, 7, 2, 0))
    with pytest.raises(ContractError, match=r"a\.csv: 10 rows read, but 7 kept, 2 rejected and 0 ignored; nothing is"):
        account_for([staged])


def test_no_rows_at_all_are_accounted_for(tmp_path: Path) -> None:
    assert account_for([stage(tmp_path / "q", QUALITY.schema, [])]) == ([], {})
    assert account_for([]) == ([], {})


@pytest.fixture
def rejects(tmp_path: Path) -> list[str]:
    rows = [
        ("messages", "b.csv", 9, "bad_time", "date"),
        ("messages", "a.csv", 12, "bad_time", "date"),
        ("messages", "a.csv", 3, "unparsable_line", None),
        ("events", "e.csv", 1, "bad_number", "amount"),
        ("messages", "a.csv", 2, "too_long", "text"),
        ("messages", "a.csv", 5, "missing_id", "id"),
    ]
    return [stage(tmp_path / str(n), REJECTS.schema, rows[n::2]) for n in range(2)]


def test_too_many_rejected_rows_are_told_with_the_first_of_each_reason(rejects: list[str]) -> None:
    counts = [InputCount("events", 100, 99, 1, 0), InputCount("messages", 50, 45, 5, 0)]
    with pytest.raises(TooManyRejectedError) as caught:
        refuse_too_many(counts, 0.05, rejects)
    assert str(caught.value) == (
        "messages: 5 of 50 rows rejected (10.0%), the limit is 5.0%; most frequent reasons: "
        "bad_time 2 (first in a.csv row 12, column date) - are `time_formats` in the source right?; "
        "missing_id 1 (first in a.csv row 5, column id); "
        "too_long 1 (first in a.csv row 2, column text). "
        "Nothing is published. Check the source mapping against the export, or allow more with --max-rejected"
    )


@pytest.mark.parametrize(
    "counts",
    [
        [],
        [InputCount("messages", 0, 0, 0, 0)],
        [InputCount("messages", 50, 45, 5, 0)],
    ],
)
def test_as_many_as_allowed_are_let_pass(counts: list[InputCount], rejects: list[str]) -> None:
    refuse_too_many(counts, 0.1, rejects)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([], "none was kept of 0 rows read"),
        ([InputCount("events", 9, 9, 0, 0)], "none was kept of 0 rows read"),
        ([InputCount("messages", 7, 0, 3, 4)], r"none was kept of 7 rows read \(4 ignored"),
    ],
)
def test_a_night_without_messages_is_refused(counts: list[InputCount], message: str) -> None:
    with pytest.raises(InputError, match=message):
        refuse_nothing(counts)


def test_one_message_is_enough() -> None:
    refuse_nothing([InputCount("messages", 9, 1, 8, 0)])

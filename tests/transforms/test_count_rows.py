from collections import Counter

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from schemas.quality_cells import QUALITY_CELLS
from tests.transforms.cutting import CUTS, SEEDS, cut_rows
from transforms.combine_cells import CombineCells
from transforms.count_rows import count_gathered, count_read

SCHEMA = pa.schema({"file": pa.string(), "reject_reason": pa.string()})
Row = tuple[str, str | None]
Counts = dict[tuple[str, str, str], int]


def marked(*rows: Row) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"file": file, "reject_reason": reason} for file, reason in rows], schema=SCHEMA)


def add_up(*cells: pa.RecordBatch) -> Counts:
    sums: Counter[tuple[str, str, str]] = Counter()
    zeros = {}
    for batch in cells:
        assert batch.schema == QUALITY_CELLS.schema
        for row in batch.to_pylist():
            key = (row["scope"], row["item"], row["counter"])
            zeros[key] = 0
            sums[key] += row["value"]
    return zeros | dict(sums)


def count_by_hand(rows: list[Row], input_name: str) -> Counts:
    """What the reader's marks mean, one row at a time."""
    counts: Counter[tuple[str, str, str]] = Counter()
    places = {("file", f"{input_name} {file}") for file, _ in rows} | {("input", input_name)}
    for file, reason in rows:
        fate = {None: "kept", "joined": "kept", "ignored": "ignored"}.get(reason, "rejected")
        waits = input_name == "messages" and reason is None  # kept only once its case is together
        for counter in ["read"] if waits else ["read", fate]:
            counts["file", f"{input_name} {file}", counter] += 1
            counts["input", input_name, counter] += 1
        if fate == "rejected" and reason:
            counts["reason", reason, "rejected"] += 1
    return {(*place, counter): 0 for place in places for counter in ("read", "kept", "rejected", "ignored")} | counts


@pytest.mark.parametrize("input_name", ["messages", "events"])
@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([("a", None), ("a", "bad_time"), ("b", "joined"), ("b", "ignored"), ("b", None)], id="all fates"),
        pytest.param([("a", "bad_time"), ("a", "bad_time"), ("b", "missing_id")], id="all rejected"),
        pytest.param([("a", None), ("a", None)], id="all null"),
    ],
)
def test_count_read(rows: list[Row], input_name: str) -> None:
    assert add_up(count_read(marked(*rows), input_name=input_name)) == count_by_hand(rows, input_name)


def test_no_rows_are_an_input_of_zero() -> None:
    assert add_up(count_read(marked(), input_name="events")) == count_by_hand([], "events")
    assert set(add_up(count_gathered(marked())).values()) == {0}


def test_gathered_messages_are_kept_or_rejected_and_not_read_again() -> None:
    found = add_up(count_gathered(marked(("a", None), ("a", "duplicate_id"), ("b", "after_run_date"), ("b", None))))
    assert {key: value for key, value in found.items() if value} == {
        ("file", "messages a", "kept"): 1,
        ("file", "messages a", "rejected"): 1,
        ("file", "messages b", "kept"): 1,
        ("file", "messages b", "rejected"): 1,
        ("input", "messages", "kept"): 2,
        ("input", "messages", "rejected"): 2,
        ("reason", "duplicate_id", "rejected"): 1,
        ("reason", "after_run_date", "rejected"): 1,
    }
    assert found["file", "messages a", "read"] == 0


def test_sliced_batch() -> None:
    rows: list[Row] = [("a", None), ("b", "bad_time"), ("c", "joined"), ("d", "ignored")]
    assert add_up(count_read(marked(*rows).slice(1, 2), input_name="events")) == count_by_hand(rows[1:3], "events")


REASONS = st.sampled_from([None, "joined", "ignored", "bad_time", "missing_id"])
ROWS = st.lists(st.tuples(st.sampled_from("abc"), REASONS), max_size=20)


@given(ROWS, CUTS, SEEDS, st.sampled_from(["messages", "events"]))
def test_cut_and_order_do_not_matter(rows: list[Row], cuts: list[int], seed: int, input_name: str) -> None:
    parts = [count_read(part, input_name=input_name) for part in cut_rows(marked(*rows), cuts, seed)]
    assert add_up(*parts) == count_by_hand(rows, input_name)


@given(ROWS, st.data())
def test_what_is_read_is_kept_rejected_or_ignored(rows: list[Row], data: st.DataObject) -> None:
    let_pass = [file for file, reason in rows if reason is None]
    fates = data.draw(st.lists(st.sampled_from([None, "duplicate_id"]), min_size=len(let_pass), max_size=len(let_pass)))
    gathered = marked(*zip(let_pass, fates, strict=True))
    found = add_up(count_read(marked(*rows), input_name="messages"), count_gathered(gathered))
    for scope, item, counter in [key for key in found if key[0] in ("file", "input") and key[2] == "read"]:
        kept, rejected, ignored = (found[scope, item, other] for other in ("kept", "rejected", "ignored"))
        assert found[scope, item, counter] == kept + rejected + ignored
    rejected = sum(value for (scope, _, _), value in found.items() if scope == "reason")
    assert rejected == found["input", "messages", "rejected"]


def test_pipeline() -> None:
    rows: list[Row] = [("a", None), ("b", "bad_time"), ("a", None)]
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        counted = (
            pipeline
            | beam.Create([marked(*rows[:2]), marked(), marked(*rows[2:])], reshuffle=False)
            | beam.Map(count_read, input_name="events").with_output_types(pa.RecordBatch)
            | CombineCells(QUALITY_CELLS)
            | beam.Map(lambda cells: sorted(add_up(cells).items()))
        )
        assert_that(counted, equal_to([sorted(count_by_hand(rows, "events").items())]))

from datetime import UTC, datetime
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from transforms.gather_messages import PLACED, GatherMessages, gather_messages

NIGHT = datetime(2024, 7, 1, tzinfo=UTC)


def message(
    case: str, number: str, day: int = 1, text: str = "x", row: int = 1, file: str = "a.csv", thread: str = ""
) -> dict[str, Any]:
    return {
        "case_id": case,
        "conversation_id": thread or case,
        "message_id": number,
        "sent_at": datetime(2024, 6, day, tzinfo=UTC),
        "role": "customer",
        "text": text,
        "file": file,
        "row": row,
    }


def batch_of(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(rows, schema=PLACED)


def gather(*batches: pa.RecordBatch, run_at: datetime = NIGHT, content_ids: bool = False) -> list[tuple]:
    gathered = gather_messages(batches, run_at=run_at, has_content_ids=content_ids)
    names = ("case_id", "message_id", "text", "reject_reason")
    return [tuple(row[name] for name in names) for row in gathered.to_pylist()]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(
            [message("b", "1"), message("a", "2", 3), message("a", "1", 5)],
            [("a", "2", "x", None), ("a", "1", "x", None), ("b", "1", "x", None)],
            id="ordered by case and time",
        ),
        pytest.param(
            [message("a", "1", 2, "later"), message("a", "1", 1, "first")],
            [("a", "1", "first", None), ("a", "1", "later", "duplicate_id")],
            id="the first by time is kept",
        ),
        pytest.param(
            [message("a", "1", 1, "b"), message("a", "1", 1, "a")],
            [("a", "1", "a", None), ("a", "1", "b", "duplicate_id")],
            id="then the first by what it says",
        ),
        pytest.param(
            [message("a", "1"), message("b", "1")],
            [("a", "1", "x", None), ("b", "1", "x", None)],
            id="ids are unique within a case",
        ),
    ],
)
def test_messages_of_a_case(rows: list[dict[str, Any]], expected: list[tuple]) -> None:
    assert gather(batch_of(rows)) == expected


def test_merged_threads_that_number_their_messages_alike_lose_none() -> None:
    rows = [message("a", "1"), message("a", "1", thread="b"), message("a", "1", thread="b", row=2)]
    assert gather(batch_of(rows)) == [
        ("a", "1", "x", None),
        ("a", "1", "x", None),
        ("a", "1", "x", "duplicate_id"),
    ]


def test_messages_from_after_the_night_are_marked() -> None:
    rows = batch_of([message("a", "1", 1), message("a", "2", 3)])
    reasons = [row[3] for row in gather(rows, run_at=datetime(2024, 6, 2, tzinfo=UTC))]
    assert reasons == [None, "after_run_date"]


def test_equal_rows_without_ids_are_messages_and_cases_of_their_own() -> None:
    rows = [message("content-k", "content-k", row=row) for row in (1, 2, 3)]
    assert gather(batch_of(rows), content_ids=True) == [
        ("content-k", "content-k", "x", None),
        ("content-k-2", "content-k-2", "x", None),
        ("content-k-3", "content-k-3", "x", None),
    ]


def test_equal_rows_without_message_ids_stay_in_their_case() -> None:
    rows = [message("t", "content-k", row=row) for row in (1, 2)]
    assert gather(batch_of(rows), content_ids=True) == [("t", "content-k", "x", None), ("t", "content-k-2", "x", None)]


def test_an_id_that_the_export_gives_twice_is_a_duplicate_beside_ids_of_content() -> None:
    rows = [message("7", "7", file=file) for file in ("may.csv", "june.csv")]
    assert gather(batch_of(rows), content_ids=True) == [("7", "7", "x", None), ("7", "7", "x", "duplicate_id")]


def test_no_messages_give_no_rows() -> None:
    assert gather() == []
    assert gather(batch_of([])) == []


rows = st.lists(
    st.builds(message, st.sampled_from("ab"), st.sampled_from("12"), st.integers(1, 3), st.sampled_from("xy")),
    max_size=12,
)


@given(rows, st.integers(0, 12), st.randoms())
def test_neither_order_nor_cut_of_the_input_matters(rows: list, cut: int, random: Any) -> None:
    numbered = [{**row, "row": number} for number, row in enumerate(rows)]
    shuffled = random.sample(numbered, len(numbered))
    assert gather(batch_of(numbered)) == gather(batch_of(shuffled[:cut]), batch_of(shuffled[cut:]))


def test_in_a_pipeline_a_shard_comes_out_as_one_batch() -> None:
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        sizes = (
            pipeline
            | beam.Create([(1, batch_of([message("a", "1")])), (1, batch_of([message("a", "2")]))])
            | GatherMessages(NIGHT, has_content_ids=False)
            | beam.Map(lambda batch: batch.num_rows)
        )
        assert_that(sizes, equal_to([2]))

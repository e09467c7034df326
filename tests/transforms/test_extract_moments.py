from typing import Any

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.check_batch import check_batch
from schemas.messages import MESSAGES
from schemas.moments import MOMENTS
from tests.transforms.customer_worlds import Row, day, make_batch
from transforms.extract_moments import ExtractMoments, extract_moments


def message(message_id: str, **more: Any) -> Row:
    """A labelled message of a known customer."""
    shares = {"uncertainty": 0.1, "neutral": 0.2, "amazement": 0.7}
    base = {
        "message_id": message_id,
        "role": "customer",
        "customer_key": "a",
        "case_id": "c",
        "sent_at": day(1),
    }
    labels = {"state": "amazement", "state_probabilities": shares, "signals": ["advocacy"], "channel": "chat"}
    return base | labels | more


def extract(rows: list[Row]) -> list[Row]:
    return check_batch(extract_moments(make_batch(MESSAGES.schema, rows)), MOMENTS).to_pylist()


@pytest.mark.parametrize(
    ("change", "is_kept"),
    [
        ({}, True),
        ({"channel": None}, True),
        ({"role": "agent"}, False),
        ({"role": "internal"}, False),
        ({"role": "system"}, False),
        ({"customer_key": None}, False),
        ({"state": None, "state_probabilities": None, "signals": None}, False),
    ],
)
def test_labelled_messages_of_known_customers_are_kept(change: Row, is_kept: bool) -> None:
    assert len(extract([message("m", **change)])) == is_kept


def test_a_moment_holds_no_text() -> None:
    assert extract([message("m", text="never again")]) == [
        {
            "customer_key": "a",
            "sent_at": day(1),
            "case_id": "c",
            "message_id": "m",
            "channel": "chat",
            "state": "amazement",
            "signals": ["advocacy"],
            "experience_score": pytest.approx(0.6),
        }
    ]


def test_the_score_has_four_decimals() -> None:
    shares = {"uncertainty": 0.2, "neutral": 0.1, "amazement": 0.7}
    score = extract_moments(make_batch(MESSAGES.schema, [message("m", state_probabilities=shares)]))
    assert score["experience_score"] == pa.array([0.5], pa.float32())


@settings(deadline=None)
@given(st.lists(st.sampled_from(("customer", "agent")), max_size=8), st.integers(0, 8))
def test_cutting_the_batch_gives_the_same_rows(roles: list[str], cut: int) -> None:
    batch = make_batch(MESSAGES.schema, [message(f"m{n}", role=role) for n, role in enumerate(roles)])
    left, right = (extract_moments(part).to_pylist() for part in (batch.slice(0, cut), batch.slice(cut)))
    assert left + right == extract_moments(batch).to_pylist()


def test_an_empty_batch_gives_an_empty_batch() -> None:
    assert extract([]) == []


def test_the_transform_extracts_from_every_batch() -> None:
    batches = [make_batch(MESSAGES.schema, [message(name), message("x", role="agent")]) for name in "ab"]
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        moments = pipeline | beam.Create(batches) | ExtractMoments()
        assert moments.element_type == pa.RecordBatch
        assert_that(moments | beam.FlatMap(lambda batch: batch["message_id"].to_pylist()), equal_to(["a", "b"]))

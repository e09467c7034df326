import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given

from schemas.messages import MESSAGES
from tests.factories import random_messages
from tests.transforms.cutting import CUTS, SEEDS, cut_rows
from transforms.withhold_text import withhold_text


@pytest.mark.parametrize(
    "batch",
    [
        pytest.param(random_messages(1, 50), id="messages"),
        pytest.param(random_messages(1, 50).slice(7, 20), id="sliced"),
        pytest.param(pa.RecordBatch.from_pylist([], schema=MESSAGES.schema), id="empty"),
        pytest.param(pa.RecordBatch.from_pydict({"text": pa.nulls(3, pa.string()), "n": [1, 2, 3]}), id="all null"),
    ],
)
def test_every_text_goes_and_nothing_else(batch: pa.RecordBatch) -> None:
    light = withhold_text(batch)
    light.validate(full=True)
    assert light.schema == batch.schema
    assert light.num_rows == batch.num_rows
    assert light["text"].null_count == batch.num_rows
    assert light.drop_columns("text").equals(batch.drop_columns("text"))


def test_the_text_does_not_travel_on_in_a_buffer() -> None:
    secret = "a very long secret " * 100
    batch = pa.RecordBatch.from_pydict({"id": ["1"] * 20, "text": [secret] * 20})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(withhold_text(batch))
    content = sink.getvalue().to_pybytes()
    assert b"secret" not in content
    assert len(content) < len(secret)


@given(CUTS, SEEDS)
def test_cut_and_order_do_not_matter(cuts: list[int], seed: int) -> None:
    batch = random_messages(2, 30)
    parts = pa.Table.from_batches([withhold_text(part) for part in cut_rows(batch, cuts, seed)], batch.schema)
    assert parts.sort_by("message_id") == pa.table(withhold_text(batch)).sort_by("message_id")


def test_pipeline() -> None:
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        texts = (
            pipeline
            | beam.Create([pa.RecordBatch.from_pydict({"id": ["1", "2"], "text": ["a", "b"]})], reshuffle=False)
            | beam.Map(withhold_text).with_output_types(pa.RecordBatch)
            | beam.FlatMap(lambda batch: [tuple(row.values()) for row in batch.to_pylist()])
        )
        assert_that(texts, equal_to([("1", None), ("2", None)]))

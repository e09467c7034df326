import pyarrow as pa
from apache_beam import coders

import schemas
from schemas.coder import RecordBatchCoder

BATCH = pa.RecordBatch.from_pydict({"n": pa.array(range(1_000_000)), "text": pa.array(["x"] * 1_000_000)})


def test_beam_takes_the_coder_for_batches() -> None:
    assert schemas.coder.RecordBatchCoder is RecordBatchCoder
    assert isinstance(coders.registry.get_coder(pa.RecordBatch), RecordBatchCoder)


def test_a_slice_travels_without_its_parent() -> None:
    encoded = RecordBatchCoder().encode(BATCH.slice(500, 10))
    assert len(encoded) < 1_000
    assert RecordBatchCoder().decode(encoded).equals(BATCH.slice(500, 10))


def test_an_empty_batch_keeps_its_columns() -> None:
    empty = BATCH.slice(0, 0)
    assert RecordBatchCoder().decode(RecordBatchCoder().encode(empty)).equals(empty)

from zlib import crc32

import apache_beam as beam
import pyarrow as pa
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from transforms.split_shards import SHARDS, SplitShards, number_shards, split_shards

keys = st.lists(st.one_of(st.none(), st.text(max_size=5)), max_size=50)


def batch_of(values: list[str | None]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(
        {
            "key": pa.array(values, pa.string()),
            "other": pa.array([str(n) for n in range(len(values))], pa.string()),
            "row": pa.array(range(len(values)), pa.int64()),
        }
    )


@given(keys)
def test_a_key_has_the_same_shard_everywhere(values: list[str | None]) -> None:
    expected = [crc32((value or "").encode()) % SHARDS for value in values]
    assert number_shards(pa.array(values, pa.string())).tolist() == expected


@given(keys)
def test_every_row_lands_in_one_shard_in_its_order(values: list[str | None]) -> None:
    parts = dict(split_shards(batch_of(values), columns=("key",)))
    rows = {shard: part["row"].to_pylist() for shard, part in parts.items()}
    assert sorted(row for part in rows.values() for row in part) == list(range(len(values)))
    assert all(part == sorted(part) for part in rows.values())
    assert all(crc32((values[row] or "").encode()) % SHARDS == shard for shard in rows for row in rows[shard])


def test_a_stand_in_takes_the_place_of_a_missing_key() -> None:
    parts = dict(split_shards(batch_of([None, "a"]), columns=("key", "other")))
    assert set(parts) == {crc32(b"0") % SHARDS, crc32(b"a") % SHARDS}


def test_in_a_pipeline_equal_keys_meet() -> None:
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        shards = (
            pipeline
            | beam.Create([batch_of(["a", "b", "a"]), batch_of(["b", "a"])])
            | SplitShards(("key",))
            | beam.MapTuple(lambda shard, part: (shard, part["key"].to_pylist()))
        )
        a, b = crc32(b"a") % SHARDS, crc32(b"b") % SHARDS
        assert_that(shards, equal_to([(a, ["a", "a"]), (b, ["b"]), (b, ["b"]), (a, ["a"])]))

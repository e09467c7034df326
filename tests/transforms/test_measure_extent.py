from datetime import UTC, datetime

import apache_beam as beam
import pyarrow as pa
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from transforms.measure_extent import MeasureExtent, drop_later, join_extents, limit_extent, measure_extent


def day(number: int) -> datetime:
    return datetime(2024, 1, number, tzinfo=UTC)


def times(*values: datetime | None) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"at": pa.array(values, pa.timestamp("us", tz="UTC"))})


def test_first_and_last_time_whatever_the_order() -> None:
    assert measure_extent(times(day(3), None, day(1), day(2)), column="at") == (day(1), day(3))


def test_no_times_have_no_extent() -> None:
    assert measure_extent(times(), column="at") is None
    assert measure_extent(times(None), column="at") is None
    assert join_extents([None, None]) is None


def test_an_extent_is_cut_at_its_limit() -> None:
    assert limit_extent((day(1), day(9)), until=day(4)) == (day(1), day(4))
    assert limit_extent((day(1), day(3)), until=day(4)) == (day(1), day(3))
    assert limit_extent((day(4), day(9)), until=day(4)) == (day(4), day(4))
    assert limit_extent((day(5), day(9)), until=day(4)) is None
    assert limit_extent(None, until=day(4)) is None


def test_later_rows_and_rows_without_a_time_are_dropped() -> None:
    batch = times(day(3), None, day(5), day(4))
    assert drop_later(batch, column="at", until=day(4))["at"].to_pylist() == [day(3), day(4)]
    assert drop_later(batch.slice(2), column="at", until=day(4))["at"].to_pylist() == [day(4)]
    assert drop_later(times(), column="at", until=day(4)).num_rows == 0


def test_in_a_pipeline_all_batches_count() -> None:
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        extent = pipeline | beam.Create([times(day(2)), times(), times(day(9), day(4))]) | MeasureExtent("at")
        assert_that(extent, equal_to([(day(2), day(9))]))


def test_in_a_pipeline_no_batches_have_no_extent() -> None:
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        nothing = pipeline | beam.Create([]).with_output_types(pa.RecordBatch) | MeasureExtent("at")
        assert_that(nothing, equal_to([None]))

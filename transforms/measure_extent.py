"""Measure from when to when data reaches, since what is not there cannot be told from what did not happen."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.pvalue import PCollection

from schemas.types import TIME

Extent = tuple[datetime, datetime] | None


def measure_extent(batch: pa.RecordBatch, *, column: str) -> Extent:
    """Give the first and the last time of a batch; None where it has none.

    Args:
        batch: Any columns with `column`.
        column: A column of times (UTC); nulls are passed over.
    """
    ends = pc.min_max(batch[column]).as_py()
    return None if ends["min"] is None else (ends["min"], ends["max"])


def join_extents(extents: Iterable[Extent]) -> Extent:
    """Give the extent that covers all extents."""
    known = [extent for extent in extents if extent is not None]
    return (min(first for first, _ in known), max(last for _, last in known)) if known else None


def limit_extent(extent: Extent, *, until: datetime) -> Extent:
    """Give the part of an extent up to an instant; None where there is none.

    One event dated far ahead says nothing about the time until then. Without a limit it would turn every
    outcome that nobody knows yet into one that did not happen.
    """
    return None if extent is None or extent[0] > until else (extent[0], min(extent[1], until))


def drop_later(batch: pa.RecordBatch, *, column: str, until: datetime) -> pa.RecordBatch:
    """Give the rows whose time is not after an instant; rows without a time are left out."""
    return batch.filter(pc.less_equal(batch[column], pa.scalar(until, TIME)))


@dataclass(eq=False)
class MeasureExtent(beam.PTransform):
    """Turn batches into the one extent of a column's times; None where there are none."""

    column: str

    def expand(self, batches: PCollection[pa.RecordBatch]) -> PCollection[Extent]:
        """Measure each batch and join the extents."""
        return (
            batches
            | "Measure" >> beam.Map(measure_extent, column=self.column).with_output_types(Extent)
            | "Join" >> beam.CombineGlobally(join_extents).with_output_types(Extent)
        )

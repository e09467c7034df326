"""Measure from when to when data reaches, since what is not there cannot be told from what did not happen."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.pvalue import PCollection

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

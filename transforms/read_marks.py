"""Read the marks that reading left: rows to keep and rejects, each as a batch of its own."""

from dataclasses import dataclass

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.pvalue import PCollection

from schemas.errors import ContractError, UsageError
from schemas.rejects import REJECTS
from schemas.sources.inputs import IGNORED, INPUTS, JOINED, PLACE
from schemas.sources.yaml_nodes import suggest
from schemas.types import TEXT


def keep_rows(batch: pa.RecordBatch, *, input_name: str = "messages") -> pa.RecordBatch:
    """The rows without a mark, in the input's contract; where that has no `file` and `row`, they go.

    Raises:
        ContractError: A column that is never null holds a null: a bug of the reader.
    """
    schema = INPUTS[input_name].schema
    kept = batch.filter(pc.is_null(batch["reject_reason"])).select(schema.names)
    if holes := [field.name for field in schema if not field.nullable and kept[field.name].null_count]:
        raise ContractError(f"{input_name}: a kept row has no {holes[0]}, which is never null")
    return pa.RecordBatch.from_arrays(kept.columns, schema=schema)


def reject_rows(batch: pa.RecordBatch, *, input_name: str = "messages") -> pa.RecordBatch:
    """The rejected rows, in the contract of `REJECTS`; rows that the source leaves out are none."""
    rejected = batch.filter(_is_rejected(batch))
    return pa.RecordBatch.from_arrays(
        [
            pa.repeat(pa.scalar(input_name, TEXT), len(rejected)),
            *(rejected[name] for name in (*PLACE, "reject_reason", "reject_column")),
        ],
        schema=REJECTS.schema,
    )


def _is_rejected(batch: pa.RecordBatch) -> pa.Array:
    reasons = batch["reject_reason"]
    return pc.and_(pc.is_valid(reasons), pc.invert(pc.is_in(reasons, pa.array([IGNORED, JOINED]))))


def _check_input(input_name: str) -> None:
    if input_name not in INPUTS:
        raise UsageError(f"there is no input {input_name!r}{suggest(input_name, INPUTS)}")


@dataclass(eq=False)
class KeepRows(beam.PTransform):
    """Marked batches -> batches in the input's contract."""

    input_name: str = "messages"

    def __post_init__(self) -> None:
        """Refuse an unknown input."""
        _check_input(self.input_name)

    def expand(self, marked: PCollection[pa.RecordBatch]) -> PCollection[pa.RecordBatch]:
        """Drop the marked rows; their marks are kept by `RejectRows`."""
        return marked | "Keep rows" >> beam.Map(keep_rows, input_name=self.input_name)


@dataclass(eq=False)
class RejectRows(beam.PTransform):
    """Marked batches -> batches of `REJECTS`."""

    input_name: str = "messages"

    def __post_init__(self) -> None:
        """Refuse an unknown input."""
        _check_input(self.input_name)

    def expand(self, marked: PCollection[pa.RecordBatch]) -> PCollection[pa.RecordBatch]:
        """Keep the marks of the rejected rows."""
        return marked | "Reject rows" >> beam.Map(reject_rows, input_name=self.input_name)

"""Read the marks that reading left: rows to keep, rejects and counts, each as a batch of its own."""

from dataclasses import dataclass

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.pvalue import PCollection

from schemas.errors import ContractError, UsageError
from schemas.rejects import REJECTS
from schemas.source_inputs import IGNORED, INPUTS, JOINED, PLACE
from schemas.source_yaml import suggest
from schemas.types import COUNT, TEXT

# read = kept + rejected + ignored; the source's own rule leaves ignored rows out, such as deleted tickets.
COUNTS = pa.schema(
    [("input", TEXT), ("file", TEXT), *((name, COUNT) for name in ("read", "kept", "rejected", "ignored"))]
)


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


def count_rows(batch: pa.RecordBatch, *, input_name: str = "messages") -> pa.RecordBatch:
    """How many rows of each file were read, kept, rejected and ignored; `COUNTS`, one row per file."""
    is_rejected = _is_rejected(batch)
    is_ignored = pc.fill_null(pc.equal(batch["reject_reason"], IGNORED), False)
    is_kept = pc.invert(pc.or_(is_rejected, is_ignored))
    masks = {
        "read": pa.repeat(True, len(batch)),
        "kept": is_kept,
        "rejected": is_rejected,
        "ignored": is_ignored,
    }
    rows = {"file": batch["file"], **{name: mask.cast(COUNT) for name, mask in masks.items()}}
    counts = pa.table({"input": pa.repeat(pa.scalar(input_name, TEXT), len(batch)), **rows})
    return sum_counts([counts])


def sum_counts(parts: list[pa.Table]) -> pa.RecordBatch:
    """Add counts up, per input and file, in order of their names."""
    numbers = COUNTS.names[2:]
    whole = pa.concat_tables([COUNTS.empty_table(), *(part.cast(COUNTS) for part in parts)])
    summed = whole.group_by(["input", "file"]).aggregate([(name, "sum") for name in numbers])
    renamed = summed.rename_columns([*COUNTS.names[:2], *numbers]).sort_by(
        [("input", "ascending"), ("file", "ascending")]
    )
    return pa.RecordBatch.from_arrays([column.combine_chunks() for column in renamed.columns], schema=COUNTS)


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


@dataclass(eq=False)
class CountRows(beam.PTransform):
    """Marked batches -> one batch of `COUNTS` for the whole input.

    Attributes:
        input_name: The input.
        files: The files that were read, so that one without rows is counted too.
    """

    input_name: str = "messages"
    files: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an unknown input."""
        _check_input(self.input_name)

    def expand(self, marked: PCollection[pa.RecordBatch]) -> PCollection[pa.RecordBatch]:
        """Count each batch, then add up."""
        nothing = dict.fromkeys(COUNTS.names[2:], 0)
        start = [{"input": self.input_name, "file": file, **nothing} for file in self.files]
        zeros = pa.RecordBatch.from_pylist(start, schema=COUNTS)
        return (
            marked
            | "Count rows" >> beam.Map(count_rows, input_name=self.input_name)
            | "Add counts" >> beam.CombineGlobally(_SumCounts(zeros))
        )


class _SumCounts(beam.CombineFn):
    def __init__(self, zeros: pa.RecordBatch) -> None:
        self._zeros = zeros

    def create_accumulator(self) -> pa.RecordBatch:
        return self._zeros

    def add_input(self, total: pa.RecordBatch, counts: pa.RecordBatch) -> pa.RecordBatch:
        return self.merge_accumulators([total, counts])

    def merge_accumulators(self, totals: list[pa.RecordBatch]) -> pa.RecordBatch:
        return sum_counts([pa.Table.from_batches([total]) for total in totals])

    def extract_output(self, total: pa.RecordBatch) -> pa.RecordBatch:
        return total


__all__ = ["COUNTS", "CountRows", "KeepRows", "RejectRows", "count_rows", "keep_rows", "reject_rows"]

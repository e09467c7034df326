"""Add up cells: rows of a key and additive figures, the same whatever way the input was cut.

An aggregate table is two kernels. The first turns a batch into cells, the second turns all cells, added up,
into the table. Between them stands `CombineCells`. Its sums are integers or decimals and never floats,
because float addition depends on the order of the rows, and the order on how the input was cut.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import apache_beam as beam
import pyarrow as pa
from apache_beam import coders
from apache_beam.pvalue import PCollection

from schemas.coder import RecordBatchCoder
from schemas.contract import Contract
from schemas.errors import ContractError

# Below this, adding up costs more than the memory that it frees.
_PENDING_ROWS = 1 << 16


def combine_cells(batches: Sequence[pa.RecordBatch], *, cells: Contract) -> pa.RecordBatch:
    """Add up all rows that share a key.

    Args:
        batches: Cells; each batch has the contract's columns.
        cells: The cells' contract: its key, and beside it only columns that are added up.

    Returns:
        One row per key in the contract's columns, sorted by the key with nulls last. No batches, or empty
        ones, give an empty batch.

    Raises:
        ContractError: A column beside the key is neither an integer nor a decimal.

    Example:
        (email, 2), (chat, 1), (email, 3) give (chat, 1), (email, 5).
    """
    sums = _sum_columns(cells)
    table = pa.Table.from_batches(batches, schema=cells.schema)
    # One thread: the cells are few, and Beam's workers are the parallelism.
    added = table.group_by(list(cells.key), use_threads=False).aggregate([(name, "sum") for name in sums])
    order = added.sort_by([(name, "ascending") for name in cells.key])
    columns = [order.column(name if name in cells.key else f"{name}_sum") for name in cells.schema.names]
    arrays = [column.combine_chunks().cast(field.type) for column, field in zip(columns, cells.schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=cells.schema)


def _sum_columns(cells: Contract) -> list[str]:
    sums = [field for field in cells.schema if field.name not in cells.key]
    for field in sums:
        if not (pa.types.is_integer(field.type) or pa.types.is_decimal(field.type)):
            raise ContractError(
                f"cells {cells.name}, column {field.name}: the type is {field.type}; a sum must be an "
                "integer or a decimal, because the sum of floats depends on the order of the rows"
            )
    return [field.name for field in sums]


@dataclass(eq=False)
class _SumCells(beam.CombineFn):
    """Keeps batches and adds them up once they have outgrown the last sum twice over.

    So each row is added up a bounded number of times, and memory stays within three times the distinct keys.
    """

    cells: Contract

    def create_accumulator(self) -> list[pa.RecordBatch]:
        return []

    def add_input(self, accumulator: list[pa.RecordBatch], element: pa.RecordBatch) -> list[pa.RecordBatch]:
        if not element.num_rows:
            return accumulator
        accumulator.append(element)
        pending = sum(batch.num_rows for batch in accumulator[1:])
        is_large = pending > max(_PENDING_ROWS, 2 * accumulator[0].num_rows)
        return self.compact(accumulator) if is_large else accumulator

    def merge_accumulators(self, accumulators: Iterable[list[pa.RecordBatch]]) -> list[pa.RecordBatch]:
        merged = self.create_accumulator()
        for accumulator in accumulators:
            for batch in accumulator:
                merged = self.add_input(merged, batch)
        return merged

    def compact(self, accumulator: list[pa.RecordBatch]) -> list[pa.RecordBatch]:
        return [combine_cells(accumulator, cells=self.cells)]

    def extract_output(self, accumulator: list[pa.RecordBatch]) -> pa.RecordBatch:
        return combine_cells(accumulator, cells=self.cells)

    def get_accumulator_coder(self) -> coders.Coder:
        return coders.ListCoder(RecordBatchCoder())


@dataclass(eq=False)
class CombineCells(beam.PTransform):
    """Add up all cells of a collection into one batch; an empty collection gives an empty batch."""

    cells: Contract

    def __post_init__(self) -> None:
        """Refuse sums that depend on the order of the rows."""
        _sum_columns(self.cells)

    def expand(self, batches: PCollection[pa.RecordBatch]) -> PCollection[pa.RecordBatch]:
        """Combine globally."""
        return batches | "Add up" >> beam.CombineGlobally(_SumCells(self.cells)).with_output_types(pa.RecordBatch)


@dataclass(eq=False)
class SummariseCells(beam.PTransform):
    """An aggregate table from start to end: batch to cells, add up, cells to table.

    Attributes:
        cells: The cells' contract.
        to_cells: The first kernel, from an input batch to cells; `functools.partial` holds its options.
        from_cells: The second, from all cells to the table.
    """

    cells: Contract
    to_cells: Callable[[pa.RecordBatch], pa.RecordBatch]
    from_cells: Callable[[pa.RecordBatch], pa.RecordBatch]

    def expand(self, batches: PCollection[pa.RecordBatch]) -> PCollection[pa.RecordBatch]:
        """Wire the two kernels around `CombineCells`."""
        return (
            batches
            | "To cells" >> beam.Map(self.to_cells).with_output_types(pa.RecordBatch)
            | "Combine" >> CombineCells(self.cells)
            | "To table" >> beam.Map(self.from_cells).with_output_types(pa.RecordBatch)
        )

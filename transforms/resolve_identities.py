"""ResolveIdentities: the ids by which channels know a customer become the company's own."""

from collections.abc import Iterable
from dataclasses import dataclass

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.pvalue import PCollection

from schemas.identities import IDENTITIES
from schemas.quality_cells import QUALITY_CELLS

MERGED = pa.schema([*IDENTITIES.schema, pa.field("is_conflicting", pa.bool_(), nullable=False)])


def merge_identities(batches: Iterable[pa.RecordBatch]) -> pa.RecordBatch:
    """Return one row per channel id; the same whatever the order and the cut of the rows.

    Args:
        batches: Batches of `IDENTITIES`, or earlier results; none at all is fine.

    Returns:
        Columns `channel_customer_id` (unique, sorted), `customer_id`, and `is_conflicting`: the exports
        give this channel id to more than one customer. Of those the smallest id (by bytes) stands, so that
        a rerun agrees.
    """
    tables = [_as_merged(batch) for batch in batches]
    groups = (
        pa.concat_tables([MERGED.empty_table(), *tables])
        .group_by("channel_customer_id")
        .aggregate([("customer_id", "min"), ("customer_id", "count_distinct"), ("is_conflicting", "max")])
        .sort_by("channel_customer_id")
        .combine_chunks()
    )
    is_conflicting = pc.or_(groups["is_conflicting_max"], pc.greater(groups["customer_id_count_distinct"], 1))
    columns = [groups["channel_customer_id"], groups["customer_id_min"], is_conflicting]
    return pa.RecordBatch.from_arrays([_one_chunk(column) for column in columns], schema=MERGED)


def count_conflicts(identities: pa.RecordBatch) -> int:
    """How many channel ids of merged identities the exports give to more than one customer."""
    return identities["is_conflicting"].true_count


def conflict_cells(identities: pa.RecordBatch) -> pa.RecordBatch:
    """Count the conflicts of merged identities for `quality`, in the columns of `QUALITY_CELLS`."""
    counted = {"scope": "input", "item": "identities", "counter": "conflicting"}
    return pa.RecordBatch.from_pylist([counted | {"value": count_conflicts(identities)}], schema=QUALITY_CELLS.schema)


def resolve_identities(batch: pa.RecordBatch, identities: pa.RecordBatch) -> pa.RecordBatch:
    """Replace channel ids by the company's ids.

    Args:
        batch: Any columns with `customer_id` (string, may be null).
        identities: What `merge_identities` returns.

    Returns:
        The batch with `customer_id` replaced where the identities know it, and as it was elsewhere. One
        step only: an id that the identities yield is the company's own and is not looked up again.
    """
    place = batch.schema.get_field_index("customer_id")
    found = pc.index_in(batch["customer_id"], value_set=identities["channel_customer_id"], skip_nulls=True)
    resolved = pc.coalesce(identities["customer_id"].take(found), batch["customer_id"])
    return batch.set_column(place, batch.schema.field(place), resolved)


def _as_merged(batch: pa.RecordBatch) -> pa.Table:
    if "is_conflicting" not in batch.schema.names:
        batch = batch.append_column(MERGED.field("is_conflicting"), pa.repeat(False, len(batch)))
    return pa.table(batch).select(MERGED.names).cast(MERGED)


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


@dataclass(eq=False)
class ResolveIdentities(beam.PTransform):
    """Replace the channels' customer ids by the company's own.

    Attributes:
        identities: Batches of `IDENTITIES`; each worker holds all of them in memory, some 100 bytes a row.
    """

    identities: PCollection[pa.RecordBatch]

    def expand(self, rows: PCollection[pa.RecordBatch]) -> PCollection[pa.RecordBatch]:
        """Merge the identities, then look each batch up in them."""
        merged = self.identities | "merge identities" >> beam.CombineGlobally(merge_identities)
        return rows | "resolve" >> beam.Map(resolve_identities, beam.pvalue.AsSingleton(merged))

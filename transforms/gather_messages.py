"""Put a shard's messages in order, and mark duplicates and messages from after the run."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.pvalue import PCollection

from schemas.check_batch import one_batch
from schemas.formats.text_stream import CONTENT_ID
from schemas.messages import CLEAN_COLUMNS, MESSAGES
from schemas.raw_messages import RAW_MESSAGES
from schemas.rejects import REJECTS

# Where each row stood travels along until it is known whether the row is kept.
PLACE = tuple(RAW_MESSAGES.schema.field(name) for name in ("file", "row"))
CLEAN = pa.schema(CLEAN_COLUMNS)
PLACED = pa.schema([*CLEAN_COLUMNS, *PLACE])
_IDS = ("case_id", "conversation_id", "message_id")
_NATURAL = [(name, "ascending") for name in MESSAGES.key]


def _count_earlier(batch: pa.RecordBatch) -> np.ndarray:
    """For each row, how many rows before it have the same ids; the batch is sorted by them."""
    is_same = np.zeros(batch.num_rows, bool)
    if batch.num_rows > 1:
        equal = [pc.equal(batch[name][1:], batch[name][:-1]).to_numpy(zero_copy_only=False) for name in _IDS]
        is_same[1:] = np.logical_and.reduce(equal)
    place = np.arange(batch.num_rows)
    return place - np.maximum.accumulate(np.where(is_same, 0, place))


def gather_messages(batches: Iterable[pa.RecordBatch], *, run_at: datetime, has_content_ids: bool) -> pa.RecordBatch:
    """Order the messages of whole cases and mark those that are not kept.

    Of rows with the same conversation and message id the first by time, then by all else that they say, is kept,
    so that the outcome does not depend on how the export was cut or ordered.

    Args:
        batches: Columns of `PLACED`, all messages of each case.
        run_at: End of the run date; later messages are marked `after_run_date`.
        has_content_ids: Files without ids got some that are made of the rows' content. Equal ones are
            then equal rows, each a message of its own: the second gets the suffix `-2` on those of its ids
            that are made so, and so on. An id that an export itself gives twice is a duplicate all the same.

    Returns:
        Columns of `PLACED` and `reject_reason` (null: kept), in the order of `MESSAGES`.
    """
    placed = one_batch([batch.select(PLACED.names) for batch in batches], PLACED)
    by_ids = [*_IDS, "sent_at"]
    order = [*by_ids, *(name for name in PLACED.names if name not in by_ids)]
    placed = placed.take(pc.sort_indices(placed, sort_keys=[(name, "ascending") for name in order]))
    earlier = _count_earlier(placed)
    is_duplicate = pa.array(earlier > 0)
    if has_content_ids:
        is_content = pc.starts_with(placed["message_id"], CONTENT_ID)
        number = pa.array(earlier + 1).cast(pa.string())
        for name in _IDS:
            is_numbered = pc.and_(pc.and_(is_content, is_duplicate), pc.starts_with(placed[name], CONTENT_ID))
            suffix = pc.if_else(is_numbered, pc.binary_join_element_wise("", number, "-"), "")
            column = pc.binary_join_element_wise(placed[name], suffix, "")
            placed = placed.set_column(placed.schema.get_field_index(name), placed.schema.field(name), column)
        is_duplicate = pc.and_not(is_duplicate, is_content)
    is_late = pc.greater(placed["sent_at"], pa.scalar(run_at, pa.timestamp("us", tz="UTC")))
    reason = pc.case_when(
        pc.make_struct(is_duplicate, is_late),
        pa.scalar("duplicate_id"),
        pa.scalar("after_run_date"),
    )
    marked = placed.append_column("reject_reason", reason)
    return marked.take(pc.sort_indices(marked, sort_keys=_NATURAL))


def keep_gathered(marked: pa.RecordBatch) -> pa.RecordBatch:
    """Give the messages that are kept, in the columns of `CLEAN_COLUMNS`."""
    kept = marked.filter(marked["reject_reason"].is_null()).select(CLEAN.names)
    return pa.RecordBatch.from_arrays(kept.columns, schema=CLEAN)


def reject_gathered(marked: pa.RecordBatch) -> pa.RecordBatch:
    """Give the messages that are not kept, in the columns of `REJECTS`."""
    rejected = marked.filter(marked["reject_reason"].is_valid())
    of_column = {"duplicate_id": "message_id", "after_run_date": "sent_at"}
    columns = pa.array([*of_column.values()]).take(pc.index_in(rejected["reject_reason"], pa.array([*of_column])))
    messages = pa.repeat(pa.scalar("messages"), rejected.num_rows)
    return pa.RecordBatch.from_arrays(
        [messages, rejected["file"], rejected["row"], rejected["reject_reason"], columns], schema=REJECTS.schema
    )


@dataclass(eq=False)
class GatherMessages(beam.PTransform):
    """Bring the messages of each case together, from batches that are keyed by shard of the case."""

    run_at: datetime
    has_content_ids: bool

    def expand(self, messages: PCollection[tuple[int, pa.RecordBatch]]) -> PCollection[pa.RecordBatch]:
        """Group by shard, then order each shard."""

        def gather(_shard: int, batches: Iterable[pa.RecordBatch]) -> pa.RecordBatch:
            return gather_messages(batches, run_at=self.run_at, has_content_ids=self.has_content_ids)

        return (
            messages
            | "Group by shard" >> beam.GroupByKey()
            | "Gather" >> beam.MapTuple(gather).with_output_types(pa.RecordBatch)
        )

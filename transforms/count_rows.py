"""Count the rows of each file; in the end read = kept + rejected + ignored (by a rule of the source itself)."""

import pyarrow as pa
import pyarrow.compute as pc

from schemas.quality_cells import QUALITY_CELLS
from schemas.sources.inputs import IGNORED, JOINED

_COUNTERS = ("read", "kept", "rejected", "ignored")


def count_read(batch: pa.RecordBatch, *, input_name: str) -> pa.RecordBatch:
    """Count rows as they come from the reader.

    Args:
        batch: Columns file and reject_reason, as the reader marks them.
        input_name: The input that was read. Messages that the reader lets pass are not counted as kept yet:
            duplicates show only when all of a case's messages are together.

    Returns:
        QUALITY_CELLS, not added up.
    """
    reason = batch["reject_reason"]
    is_free, is_joined = reason.is_null(), pc.fill_null(pc.equal(reason, JOINED), False)
    is_ignored = pc.fill_null(pc.equal(reason, IGNORED), False)
    flags = {
        "read": pa.repeat(True, batch.num_rows),
        "kept": is_joined if input_name == "messages" else pc.or_(is_joined, is_free),
        "rejected": pc.invert(pc.or_(pc.or_(is_free, is_joined), is_ignored)),
        "ignored": is_ignored,
    }
    return _count(batch, input_name, flags)


def count_gathered(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Count messages once each case is together.

    Args:
        batch: Columns file and reject_reason, as `gather_messages` marks them.

    Returns:
        QUALITY_CELLS, not added up; nothing is counted as read again.
    """
    reason = batch["reject_reason"]
    return _count(batch, "messages", {"kept": reason.is_null(), "rejected": reason.is_valid()})


def _count(batch: pa.RecordBatch, input_name: str, flags: dict[str, pa.Array]) -> pa.RecordBatch:
    files = pc.binary_join_element_wise(pa.repeat(input_name, batch.num_rows), batch["file"], " ")
    parts = [_cells("file", files.filter(flag), counter) for counter, flag in flags.items()]
    parts += [
        _cells("input", pa.repeat(input_name, pc.sum(flag, min_count=0).as_py()), counter)
        for counter, flag in flags.items()
    ]
    parts.append(_cells("reason", batch["reject_reason"].filter(flags["rejected"]), "rejected"))
    # A file or an input of which nothing was kept still says so: an explicit 0.
    return pa.concat_batches([*parts, _zeros("file", files.unique()), _zeros("input", pa.array([input_name]))])


def _cells(scope: str, items: pa.Array, counter: str) -> pa.RecordBatch:
    counts = items.value_counts()
    return _batch(scope, counts.field("values"), counter, counts.field("counts"))


def _zeros(scope: str, items: pa.Array) -> pa.RecordBatch:
    return pa.concat_batches([_batch(scope, items, counter, pa.repeat(0, len(items))) for counter in _COUNTERS])


def _batch(scope: str, items: pa.Array, counter: str, values: pa.Array) -> pa.RecordBatch:
    arrays = [pa.repeat(scope, len(items)), items, pa.repeat(counter, len(items)), values.cast(pa.int64())]
    return pa.RecordBatch.from_arrays(arrays, schema=QUALITY_CELLS.schema)

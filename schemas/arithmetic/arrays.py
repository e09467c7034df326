"""ARRAYS: what sorted Arrow columns are asked for, without a loop over rows.

Rows of one group (a case, a customer) stand next to each other and are called a segment. Every function
takes whole columns and gives one value per segment or per row. A row is named by its number in the batch,
and -1 is "no such row", which `take_rows` turns into null.

    case_id  a  a  b          find_segments(case_id).starts        0  2
    is_reply F  T  F          first_row(segments, is_reply)        1 -1
    channel  x  y  z          take_rows(channel, [1, -1])          y  null
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.types import TEXT, TIME

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NO_ROW = -1
SECOND_US = 1_000_000


@dataclass(frozen=True, eq=False)
class Segments:
    """Neighbouring rows that share a key.

    Attributes:
        starts: First row of each segment.
        ends: One past its last row.
        ids: The segment of each row, counted from 0.
    """

    starts: Rows
    ends: Rows
    ids: Rows

    def __len__(self) -> int:
        """How many segments there are."""
        return len(self.starts)


def find_segments(*columns: pa.Array) -> Segments:
    """Cut rows into segments wherever one of the columns changes; null is a value like any other."""
    rows = len(columns[0])
    is_start = np.zeros(rows, dtype=np.bool_)
    is_start[:1] = True
    for values in columns:
        is_start[1:] |= _differ(values.slice(1), values.slice(0, max(rows - 1, 0)))
    starts = np.flatnonzero(is_start)
    return Segments(starts=starts, ends=np.append(starts[1:], rows)[: len(starts)], ids=np.cumsum(is_start) - 1)


def sort_rows(batch: pa.RecordBatch, keys: Sequence[str]) -> pa.RecordBatch:
    """Sort by the keys, ascending, nulls last; a batch that is in order already is returned as it is."""
    if _is_sorted(batch, keys):
        return batch
    order = pc.sort_indices(batch, sort_keys=[(key, "ascending") for key in keys])
    return batch.take(order)


def first_row(segments: Segments, mask: Mask) -> Rows:
    """First row of each segment where the mask holds, else -1."""
    found = np.flatnonzero(mask)
    owners = segments.ids[found]
    is_first = np.ones(len(found), dtype=np.bool_)
    is_first[1:] = owners[1:] != owners[:-1]
    return _spread(segments, owners[is_first], found[is_first])


def last_row(segments: Segments, mask: Mask) -> Rows:
    """Last row of each segment where the mask holds, else -1."""
    found = np.flatnonzero(mask)
    owners = segments.ids[found]
    is_last = np.ones(len(found), dtype=np.bool_)
    is_last[:-1] = owners[1:] != owners[:-1]
    return _spread(segments, owners[is_last], found[is_last])


def count_rows(segments: Segments, mask: Mask) -> Rows:
    """How many rows of each segment the mask holds for."""
    owners = segments.ids[np.flatnonzero(mask)]
    return np.bincount(owners, minlength=len(segments)).astype(np.int64, copy=False)


def any_row(segments: Segments, mask: Mask) -> Mask:
    """Whether the mask holds for any row of each segment."""
    found = np.zeros(len(segments), dtype=np.bool_)
    found[segments.ids[np.flatnonzero(mask)]] = True
    return found


def sum_rows(segments: Segments, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Sum of each segment, added up row by row, so that it depends on the segment's own rows alone."""
    return np.bincount(segments.ids, weights=values, minlength=len(segments)).astype(np.float64, copy=False)


def previous_row(segments: Segments, mask: Mask) -> Rows:
    """For each row, the latest row before it in its segment where the mask holds, else -1."""
    latest = np.full(len(mask), NO_ROW, dtype=np.int64)
    rows = np.where(mask, np.arange(len(mask)), NO_ROW)
    latest[1:] = np.maximum.accumulate(rows)[:-1]
    latest[latest < segments.starts[segments.ids]] = NO_ROW
    return latest


def next_row(segments: Segments, mask: Mask) -> Rows:
    """For each row, the earliest row after it in its segment where the mask holds, else -1."""
    size = len(mask)
    following = np.full(size, size, dtype=np.int64)
    rows = np.where(mask, np.arange(size), size)
    following[:-1] = np.minimum.accumulate(rows[::-1])[::-1][1:]
    following[following >= segments.ends[segments.ids]] = NO_ROW
    return following


def rank_rows(segments: Segments) -> Rows:
    """The place of each row in its segment, from 0."""
    return np.arange(len(segments.ids)) - segments.starts[segments.ids]


def take_rows(values: pa.Array, rows: Rows) -> pa.Array:
    """The values at the rows; null where the row is -1 or the value is null."""
    return values.take(pa.array(rows, mask=rows == NO_ROW))


def is_value(values: pa.Array, value: str) -> Mask:
    """Where a text column holds the value; null does not."""
    return is_true(pc.equal(values, value))


def is_true(values: pa.Array) -> Mask:
    """A flag column as a mask; null is not true."""
    return pc.fill_null(values, False).to_numpy(zero_copy_only=False)


def is_known(values: pa.Array) -> Mask:
    """Where a column is not null."""
    return pc.is_valid(values).to_numpy(zero_copy_only=False)


def find_words(lists: pa.ListArray, words: Sequence[str]) -> dict[str, Mask]:
    """Which rows of a list column hold each word; a null list holds none, other words are passed over."""
    codes = pc.fill_null(pc.index_in(lists.flatten(), pa.array(words, TEXT)), NO_ROW).to_numpy()
    owners = pc.list_parent_indices(lists).to_numpy()
    masks = {}
    for code, word in enumerate(words):
        masks[word] = np.zeros(len(lists), dtype=np.bool_)
        masks[word][owners[codes == code]] = True
    return masks


def list_words(masks: Mapping[str, Mask], *, known: Mask) -> pa.ListArray:
    """Write masks as a list column: the words that hold, in the order of the mapping; null if not known."""
    table = np.column_stack([mask & known for mask in masks.values()])
    offsets = np.append(0, np.cumsum(table.sum(axis=1))).astype(np.int32)
    values = pa.array(list(masks), TEXT).take(pa.array(np.nonzero(table)[1]))
    return pa.ListArray.from_arrays(offsets, values, mask=pa.array(~known))


def to_micros(times: pa.Array) -> Rows:
    """Times as microseconds since 1970 (UTC); null becomes 0, so mask it with `is_known`."""
    return pc.fill_null(times.cast(TIME).cast(pa.int64()), 0).to_numpy()


def from_micros(micros: Rows, *, known: Mask) -> pa.Array:
    """Microseconds since 1970 (UTC) as times; null where not known."""
    return pa.array(micros, mask=~known).cast(TIME)


def subtract_shares(shares: pa.StructArray, more: str, less: str) -> npt.NDArray[np.float64]:
    """One probability less another, to 4 decimals; NaN where a row has none.

    Probabilities carry 4 decimals; rounding takes off what float32 adds: 0.7 - 0.2 is 0.5, not 0.49999998.
    """
    left, right = (pc.struct_field(shares, name).cast(pa.float64()) for name in (more, less))
    gap = pc.subtract(left, right).to_numpy(zero_copy_only=False)
    return np.round(gap, 4)


def _spread(segments: Segments, owners: Rows, rows: Rows) -> Rows:
    spread = np.full(len(segments), NO_ROW, dtype=np.int64)
    spread[owners] = rows
    return spread


def _differ(left: pa.Array, right: pa.Array) -> Mask:
    if not (left.null_count or right.null_count):
        return pc.not_equal(left, right).to_numpy(zero_copy_only=False)
    one_is_null = is_known(left) != is_known(right)
    return one_is_null | is_true(pc.not_equal(left, right))


def _is_sorted(batch: pa.RecordBatch, keys: Sequence[str]) -> bool:
    tied = np.arange(1, batch.num_rows)
    for key in keys:
        values = batch.column(key)
        if values.null_count:
            return False
        before, after = values.take(pa.array(tied - 1)), values.take(pa.array(tied))
        if pc.any(pc.greater(before, after)).as_py():
            return False
        tied = tied[pc.equal(before, after).to_numpy(zero_copy_only=False)]
    return True

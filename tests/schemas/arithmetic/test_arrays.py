from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.arithmetic.arrays import (
    Mask,
    Segments,
    any_row,
    count_rows,
    find_segments,
    find_words,
    first_row,
    from_micros,
    is_known,
    is_true,
    is_value,
    last_row,
    list_words,
    next_row,
    previous_row,
    rank_rows,
    sort_rows,
    subtract_shares,
    sum_rows,
    take_rows,
    to_micros,
)
from schemas.types import TIME

ROWS = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.booleans()), max_size=12)


def _read(rows: list[tuple[str, bool]]) -> tuple[Segments, Mask, list[list[int]]]:
    """Segments and mask of the rows in order of their key, and the row numbers of each segment."""
    rows = sorted(rows, key=lambda row: row[0])
    keys = [key for key, _ in rows]
    numbers = [[n for n, own in enumerate(keys) if own == key] for key in sorted(set(keys))]
    segments = find_segments(pa.array(keys, pa.string()))
    return segments, np.array([flag for _, flag in rows], dtype=np.bool_), numbers


@settings(deadline=None)
@given(ROWS)
def test_each_segment_is_what_a_loop_over_its_rows_gives(rows: list[tuple[str, bool]]) -> None:
    segments, mask, numbers = _read(rows)
    held = [[row for row in own if mask[row]] for own in numbers]
    weights = np.arange(len(mask)) / 8
    assert len(segments) == len(numbers)
    assert segments.starts.tolist() == [own[0] for own in numbers]
    assert segments.ends.tolist() == [own[-1] + 1 for own in numbers]
    assert segments.ids.tolist() == [number for number, own in enumerate(numbers) for _ in own]
    assert rank_rows(segments).tolist() == [place for own in numbers for place in range(len(own))]
    assert first_row(segments, mask).tolist() == [min(own, default=-1) for own in held]
    assert last_row(segments, mask).tolist() == [max(own, default=-1) for own in held]
    assert count_rows(segments, mask).tolist() == [len(own) for own in held]
    assert any_row(segments, mask).tolist() == [bool(own) for own in held]
    assert sum_rows(segments, weights).tolist() == [sum(row / 8 for row in own) for own in numbers]


@settings(deadline=None)
@given(ROWS)
def test_each_row_finds_its_neighbours_in_its_own_segment(rows: list[tuple[str, bool]]) -> None:
    segments, mask, numbers = _read(rows)
    earlier = [max((o for o in own if o < row and mask[o]), default=-1) for own in numbers for row in own]
    later = [min((o for o in own if o > row and mask[o]), default=-1) for own in numbers for row in own]
    assert previous_row(segments, mask).tolist() == earlier
    assert next_row(segments, mask).tolist() == later


def test_null_is_a_key_like_any_other_and_several_columns_make_one() -> None:
    letters, digits = pa.array(["a", "a", None, None, "b"]), pa.array([1, 2, 2, 2, None])
    assert find_segments(letters).ids.tolist() == [0, 0, 1, 1, 2]
    assert find_segments(letters, digits).ids.tolist() == [0, 1, 2, 2, 3]
    assert find_segments(letters.slice(1, 3), digits.slice(1, 3)).ids.tolist() == [0, 1, 1]


def test_the_sum_of_a_segment_does_not_depend_on_those_before_it() -> None:
    own = np.array([0.1, 0.2, 0.3])
    keys = pa.array(["a", "b", "b", "b"])
    alone = sum_rows(find_segments(keys.slice(1)), own)[0]
    assert sum_rows(find_segments(keys), np.append(1e16, own))[1] == alone


BATCH = {"key": ["a", "b", "b", "b", "c"], "time": [5, 1, 2, 2, 0], "id": ["x", "z", "m", "n", "k"]}


def test_rows_in_order_are_not_copied() -> None:
    batch = pa.RecordBatch.from_pydict(BATCH)
    assert sort_rows(batch, ["key", "time", "id"]) is batch
    assert sort_rows(batch.slice(0, 0), ["key"]).num_rows == 0


@settings(deadline=None)
@given(st.permutations(range(5)))
def test_rows_out_of_order_are_sorted_by_all_keys(order: list[int]) -> None:
    batch = pa.RecordBatch.from_pydict(BATCH)
    assert sort_rows(batch.take(pa.array(order)), ["key", "time", "id"]).equals(batch)


def test_a_key_with_nulls_sorts_them_last() -> None:
    batch = pa.RecordBatch.from_pydict({"key": [None, "b", "a"]})
    assert sort_rows(batch, ["key"]).column("key").to_pylist() == ["a", "b", None]


@pytest.mark.parametrize(
    ("mask", "values", "expected"),
    [
        (is_known, ["a", None], [True, False]),
        (is_true, [True, False, None], [True, False, False]),
        (lambda column: is_value(column, "a"), ["a", "b", None], [True, False, False]),
        (is_known, [], []),
    ],
)
def test_null_is_in_no_mask(mask: Callable[[pa.Array], Mask], values: list[Any], expected: list[bool]) -> None:
    assert mask(pa.array(values)).tolist() == expected


def test_no_row_is_null() -> None:
    values = pa.array(["x", None, "z"])
    assert take_rows(values, np.array([2, -1, 1, 0])).to_pylist() == ["z", None, None, "x"]


WORDS = ["fix", "offer"]


@settings(deadline=None)
@given(st.lists(st.none() | st.lists(st.sampled_from(["fix", "offer", "other"]), unique=True)), st.data())
def test_words_are_found_and_written_back(lists: list[list[str] | None], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(lists)))
    column = pa.array(lists, pa.list_(pa.string())).slice(start)
    masks = find_words(column, WORDS)
    for word in WORDS:
        assert masks[word].tolist() == [word in (own or ()) for own in lists[start:]]
    written = list_words(masks, known=is_known(column))
    assert written.type == pa.list_(pa.string())
    assert written.to_pylist() == [
        None if own is None else [word for word in WORDS if word in own] for own in lists[start:]
    ]


def test_times_come_back_as_they_went() -> None:
    times = pa.array([0, None, 1_700_000_000_000_001], pa.int64()).cast(TIME)
    assert to_micros(times).tolist() == [0, 0, 1_700_000_000_000_001]
    assert from_micros(to_micros(times), known=is_known(times)).equals(times)


def test_shares_are_subtracted_to_four_decimals() -> None:
    shares = pa.array(
        [{"up": 0.7, "down": 0.2}, None, {"up": 0.1, "down": 0.9}],
        pa.struct([("up", pa.float32()), ("down", pa.float32())]),
    )
    gap = subtract_shares(shares, "up", "down")
    assert gap[[0, 2]].tolist() == [0.5, -0.8]
    assert np.isnan(gap[1])
    assert subtract_shares(shares.slice(2), "up", "down").tolist() == [-0.8]

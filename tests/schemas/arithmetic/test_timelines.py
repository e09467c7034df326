import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.arithmetic.timelines import number_owners, sort_timeline

ROWS = st.lists(st.tuples(st.integers(-1, 3), st.integers(-5, 9), st.integers(-(2**62), 2**62)), max_size=30)


def column(rows: list[tuple[int, ...]], place: int) -> np.ndarray:
    return np.array([row[place] for row in rows], np.int64)


@given(ROWS, st.integers(0, 4), st.integers(-7, 11), st.integers(0, 9))
def test_a_window_holds_what_a_loop_counts(
    rows: list[tuple[int, int, int]], owner: int, start: int, length: int
) -> None:
    timeline = sort_timeline(column(rows, 0), column(rows, 1))
    first, last = (timeline.count_until(np.array([owner]), np.array([at]))[0] for at in (start, start + length))
    inside = [value for who, at, value in rows if who == owner and start < at <= start + length]
    assert last - first == len(inside)
    totals = timeline.add_up(column(rows, 2))
    total = sum(inside)
    if abs(total) < 2**63:  # the running totals wrap around long before
        assert totals[last] - totals[first] == total


def test_rows_of_nobody_are_left_out_and_equal_times_stay_as_they_came() -> None:
    timeline = sort_timeline(np.array([1, -1, 0, 1, 1]), np.array([5, 5, 9, 4, 5]))
    assert timeline.rows.tolist() == [2, 3, 0, 4]
    assert timeline.owners.tolist() == [0, 1, 1, 1]
    assert timeline.times.tolist() == [9, 4, 5, 5]


def test_an_empty_timeline_counts_nothing() -> None:
    timeline = sort_timeline(np.empty(0, np.int64), np.empty(0, np.int64))
    assert timeline.count_until(np.array([-1, 0, 7]), np.array([1, 2, 3])).tolist() == [0, 0, 0]
    assert timeline.add_up(np.empty(0, bool)).tolist() == [0]


@pytest.mark.parametrize(
    ("keys", "among", "numbers"),
    [
        (["b", None, "x", "a"], ["a", "b"], [1, -1, -1, 0]),
        ([], [], []),
        ([None], ["a"], [-1]),
        (["a"], [], [-1]),
    ],
)
def test_keys_get_the_number_of_their_place(keys: list[str | None], among: list[str], numbers: list[int]) -> None:
    assert number_owners(pa.array(keys, pa.string()), pa.array(among, pa.string())).tolist() == numbers

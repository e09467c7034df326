"""TIMELINES: who did something when, sorted once and then counted in windows of time.

    timeline = sort_timeline(owners, times)                 rows of any order; an owner of -1 is left out
    before = timeline.count_until(owners, opened)           rows of that owner, and of those sorted before it
    after = timeline.count_until(owners, opened + window)
    totals = timeline.add_up(amounts)                       totals[after] - totals[before]: sum of the window

A window costs two binary searches, however many rows it holds.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arithmetic.arrays import NO_ROW, Rows

DAY_US = 86_400_000_000


@dataclass(frozen=True, eq=False)
class Timeline:
    """Rows in the order of their owner and time.

    Attributes:
        owners: The owner of each row, a number from 0.
        times: When, in microseconds since 1970 (UTC).
        rows: The number of each row in the batch that it is from.
        instants: The distinct times, sorted.
        places: Owner and time of each row as one number, which sorts as the pair does.
    """

    owners: Rows
    times: Rows
    rows: Rows
    instants: Rows
    places: Rows

    def count_until(self, owners: Rows, times: Rows) -> Rows:
        """Count the rows that stand before or at each owner's time, other owners' earlier rows included.

        The difference of two such counts of one owner is the number of rows in (from, to].
        """
        earlier = np.searchsorted(self.instants, times, side="right")
        return np.searchsorted(self.places, owners * (len(self.instants) + 1) + earlier, side="right")

    def add_up(self, values: npt.NDArray) -> Rows:
        """Running totals: entry k is the sum over the first k rows.

        Args:
            values: Integers or flags, as long as the batch that the timeline was sorted from. Whole
                numbers wrap around, so the difference of two totals is exact as long as it fits itself.
        """
        return np.concatenate(([0], np.cumsum(values[self.rows], dtype=np.int64)))


def sort_timeline(owners: Rows, times: Rows) -> Timeline:
    """Sort rows by owner and time; rows of the same instant stay as they came.

    Args:
        owners: A number from 0 per row; rows with -1 are left out.
        times: Microseconds since 1970 (UTC).
    """
    rows = np.flatnonzero(owners != NO_ROW)
    rows = rows[np.lexsort((times[rows], owners[rows]))]
    owners, times = owners[rows], times[rows]
    instants, ranks = np.unique(times, return_inverse=True)
    return Timeline(owners, times, rows, instants, owners * (len(instants) + 1) + ranks + 1)


def number_owners(keys: pa.Array, among: pa.Array) -> Rows:
    """The place of each key in a list of distinct ones; -1 for null and for keys that are not in it."""
    found = pc.index_in(keys, value_set=among, skip_nulls=True)
    return pc.fill_null(found.cast(pa.int64()), NO_ROW).to_numpy()

"""Days and weeks as numbers, so that numpy can count with them. All in UTC."""

import numpy as np
import pyarrow as pa

from schemas.types import TIME

_DAY_MICROS = 86_400_000_000
# 1970-01-01 was a Thursday: three days after a Monday.
_FROM_MONDAY = 3


def number_days(times: pa.Array) -> np.ndarray:
    """Give the day of each time as days since 1970-01-01; null counts as 1970-01-01.

    Example:
        1970-01-02 00:00 gives 1; 1969-12-31 23:59 gives -1.
    """
    micros = times.cast(TIME).cast(pa.int64()).fill_null(0)
    return np.floor_divide(micros.to_numpy(zero_copy_only=False), _DAY_MICROS)


def number_weeks(times: pa.Array) -> np.ndarray:
    """Give the week of each time as weeks since Monday, 1969-12-29; null counts as 1970-01-01."""
    return np.floor_divide(number_days(times) + _FROM_MONDAY, 7)


def date_days(days: np.ndarray) -> pa.Array:
    """Turn days since 1970-01-01 into dates."""
    return pa.array(days.astype(np.int32)).cast(pa.date32())


def date_weeks(weeks: np.ndarray) -> pa.Array:
    """Turn weeks since Monday, 1969-12-29 into the dates of their Mondays."""
    return date_days(weeks * 7 - _FROM_MONDAY)

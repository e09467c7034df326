"""When the company works: Monday to Friday, 9 to 17 UTC, which is the default `schemas.policy.Schedule`."""

import numpy as np

from demo.types import DAY, Floats

OPENS = 9 * 3600
OPEN_SECONDS = 8 * 3600
WORKING_DAYS = 5
_WEEK_SECONDS = WORKING_DAYS * OPEN_SECONDS
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0.


def count_office_seconds(times: Floats) -> Floats:
    """Count the office seconds from the Monday before the epoch to each time, in seconds since the epoch."""
    days, second = np.divmod(times, DAY)
    weeks, weekday = np.divmod(days + _EPOCH_WEEKDAY, 7)
    today = np.where(weekday < WORKING_DAYS, np.clip(second - OPENS, 0, OPEN_SECONDS), 0)
    return weeks * _WEEK_SECONDS + np.minimum(weekday, WORKING_DAYS) * OPEN_SECONDS + today


def add_office_seconds(times: Floats, seconds: Floats) -> Floats:
    """Return the time (seconds since the epoch) at which so many office seconds have passed.

    Example: Friday 16:30 plus 3,600 is Monday 9:30.
    """
    weeks, rest = np.divmod(count_office_seconds(times) + seconds, _WEEK_SECONDS)
    weekday, today = np.divmod(rest, OPEN_SECONDS)
    return (weeks * 7 + weekday - _EPOCH_WEEKDAY) * DAY + OPENS + today

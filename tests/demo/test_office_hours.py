from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.office_hours import add_office_seconds, count_office_seconds
from schemas.policy import WEEKDAYS, Policy

MONDAY = datetime(2025, 3, 3, tzinfo=UTC)
_HOURS = dict(Policy().schedule.hours)


def is_open(moment: datetime) -> bool:
    hours = _HOURS.get(WEEKDAYS[moment.weekday()], ())
    return any(start <= moment.time() < end for start, end in hours)


def walk(start: datetime, minutes: int) -> datetime:
    """The oracle: minute by minute until so many open ones have passed."""
    while minutes or not is_open(start):
        minutes -= is_open(start) and minutes > 0
        start += timedelta(minutes=1)
    return start


@settings(deadline=None)
@given(start=st.integers(0, 14 * 1440), minutes=st.integers(0, 1500))
def test_adding_agrees_with_a_walk_through_the_default_schedule(start: int, minutes: int) -> None:
    begin = MONDAY + timedelta(minutes=start)
    end = add_office_seconds(np.array([begin.timestamp()]), np.array([minutes * 60.0]))[0]
    assert datetime.fromtimestamp(end, UTC) == walk(begin, minutes)


@settings(deadline=None)
@given(start=st.integers(0, 2_000_000_000), seconds=st.integers(0, 500_000))
def test_what_is_added_is_what_is_counted(start: int, seconds: int) -> None:
    times = np.array([float(start)])
    later = add_office_seconds(times, np.array([float(seconds)]))
    assert count_office_seconds(later)[0] - count_office_seconds(times)[0] == seconds


def test_friday_afternoon_goes_on_on_monday() -> None:
    friday = datetime(2025, 3, 7, 16, 30, tzinfo=UTC).timestamp()
    monday = datetime(2025, 3, 10, 9, 30, tzinfo=UTC).timestamp()
    assert add_office_seconds(np.array([friday]), np.array([3600.0]))[0] == monday

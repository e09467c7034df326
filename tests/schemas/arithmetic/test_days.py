from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from schemas.arithmetic.days import date_days, date_weeks, number_days, number_weeks
from schemas.types import TIME

TIMES = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@given(st.lists(TIMES, max_size=20))
def test_days_are_those_of_the_calendar(times: list[datetime]) -> None:
    assert date_days(number_days(pa.array(times, TIME))).to_pylist() == [time.date() for time in times]


@given(st.lists(TIMES, max_size=20))
def test_weeks_begin_on_monday(times: list[datetime]) -> None:
    mondays = [time.date() - timedelta(days=time.weekday()) for time in times]

    assert date_weeks(number_weeks(pa.array(times, TIME))).to_pylist() == mondays


def test_null_and_slices_count_as_documented() -> None:
    times = pa.array([datetime(2024, 1, 1, tzinfo=UTC), None, datetime(1970, 1, 2, tzinfo=UTC)], TIME)

    np.testing.assert_array_equal(number_days(times.slice(1)), [0, 1])
    assert date_weeks(number_weeks(times.slice(0, 1))).to_pylist() == [date(2024, 1, 1)]

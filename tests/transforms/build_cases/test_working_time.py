from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.arithmetic.arrays import SECOND_US
from schemas.errors import UsageError
from schemas.policy import WEEKDAYS, Schedule
from transforms.build_cases.working_time import check_schedule, lay_out, lay_out_around

HOUR_US = 3600 * SECOND_US
STEP = timedelta(minutes=5)  # all edges and all changes of the clocks fall on it
ALL_DAY = tuple((day, ((time(0), time(0)),)) for day in WEEKDAYS)
BERLIN = Schedule(zone="Europe/Berlin", holidays="DE")
# A day close to a change of the clocks, by zone: at night, at midnight, by half an hour, and none at all.
CHANGES = {
    "Europe/Berlin": (date(2024, 3, 29), date(2024, 10, 25), date(2024, 12, 24)),
    "America/New_York": (date(2024, 3, 8), date(2024, 11, 1), date(2024, 7, 3)),
    "America/Sao_Paulo": (date(2018, 11, 2), date(2018, 2, 16)),
    "Africa/Cairo": (date(2024, 4, 24), date(2024, 10, 29)),
    "Australia/Lord_Howe": (date(2024, 4, 5), date(2024, 10, 4)),
    "Asia/Kathmandu": (date(2024, 5, 1),),
}
COUNTRIES = {"Europe/Berlin": "DE-BY", "America/New_York": "US"}


def _micros(*moments: datetime) -> np.ndarray:
    return np.array([round(moment.timestamp() * SECOND_US) for moment in moments])


def _hours(schedule: Schedule, since: datetime, until: datetime) -> float:
    working_time = lay_out(schedule, since.year - 1, until.year + 1)
    return int(working_time.measure(_micros(since), _micros(until))[0]) / HOUR_US


def _local(zone: str, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("schedule", "since", "until", "hours"),
    [
        # Maundy Thursday 16:00 to Tuesday 10:00, over Good Friday, the clocks, and Easter Monday.
        (BERLIN, _local("Europe/Berlin", 2024, 3, 28, 16), _local("Europe/Berlin", 2024, 4, 2, 10), 2),
        # Corpus Christi is off in Bavaria and not in Berlin.
        (Schedule("Europe/Berlin", holidays="DE-BY"), datetime(2024, 5, 30), datetime(2024, 5, 31), 0),
        (Schedule("Europe/Berlin", holidays="DE-BE"), datetime(2024, 5, 30), datetime(2024, 5, 31), 8),
        (Schedule(), datetime(2024, 5, 3, 16, 30), datetime(2024, 5, 6, 9, 15), 0.75),  # Friday to Monday
        (Schedule(), datetime(2024, 5, 4, 8), datetime(2024, 5, 5, 20), 0),  # a weekend
        (Schedule(), datetime(2024, 5, 6, 10), datetime(2024, 5, 3, 16), -2),  # backwards
        (Schedule("Europe/Berlin", ALL_DAY), datetime(2024, 3, 30, 23), datetime(2024, 3, 31, 22), 23),
        (Schedule("Europe/Berlin", ALL_DAY), datetime(2024, 10, 26, 22), datetime(2024, 10, 27, 23), 25),
        # From the first 01:00 to 04:00, set back at 03:00: the first ends after the second has begun.
        (
            Schedule("Europe/Berlin", (("sun", ((time(1), time(2, 15)), (time(2, 30), time(4)))),)),
            datetime(2024, 10, 26, 22),
            datetime(2024, 10, 27, 12),
            4,
        ),
        # Two intervals a day; the lunch break does not count.
        (
            Schedule(hours=(("mon", ((time(8), time(12)), (time(13), time(17)))),)),
            datetime(2024, 5, 6, 11),
            datetime(2024, 5, 6, 14),
            2,
        ),
        (Schedule(hours=()), datetime(2024, 5, 6), datetime(2024, 6, 6), 0),  # never at work
    ],
)
def test_hours_worked_out_by_hand(schedule: Schedule, since: datetime, until: datetime, hours: float) -> None:
    since, until = (moment if moment.tzinfo else moment.replace(tzinfo=UTC) for moment in (since, until))
    assert _hours(schedule, since, until) == hours


@st.composite
def _schedules(draw: st.DrawFn) -> tuple[Schedule, date]:
    zone = draw(st.sampled_from(sorted(CHANGES)))
    day = draw(st.sampled_from(CHANGES[zone]))
    hours = []
    for name in WEEKDAYS:
        edges = sorted(draw(st.sets(st.integers(0, 288), max_size=6)))
        clocks = [time(edge * 5 // 60 % 24, edge * 5 % 60) for edge in edges]
        pairs = tuple(zip(clocks[::2], clocks[1::2], strict=False))
        hours.append((name, pairs))
    country = draw(st.sampled_from([None, COUNTRIES.get(zone)]))
    return Schedule(zone, tuple(hours), country), day


def _days_off(schedule: Schedule, year: int) -> set[date]:
    if schedule.holidays is None:
        return set()
    country, _, part = schedule.holidays.partition("-")
    return set(holidays.country_holidays(country, subdiv=part or None, years=[year, year + 1]))


def _scan(schedule: Schedule, first: date, days: int) -> dict[datetime, bool]:
    """Which steps of UTC are worked: from the first that shows an opening to the last before its end."""
    zone, hours = ZoneInfo(schedule.zone), dict(schedule.hours)
    off = _days_off(schedule, first.year)
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    by_day: dict[date, list[tuple[time, datetime]]] = {}
    for step in range(days * 24 * 12):
        local = (start + step * STEP).astimezone(zone)
        by_day.setdefault(local.date(), []).append((local.time(), start + step * STEP))
    is_open = {moment: False for shown in by_day.values() for _, moment in shown}
    for day, shown in by_day.items():
        for begin, end in hours[WEEKDAYS[day.weekday()]] if day not in off else ():
            after = [moment for clock, moment in shown if clock >= begin]
            before = [moment for clock, moment in shown if clock < end or end == time(0)]
            for _, moment in shown:
                is_open[moment] |= bool(after and before) and after[0] <= moment <= before[-1]
    return is_open


@settings(deadline=None)
@given(_schedules())
def test_the_time_worked_is_what_a_step_by_step_scan_counts(drawn: tuple[Schedule, date]) -> None:
    schedule, day = drawn
    is_open = _scan(schedule, day - timedelta(days=1), days=7)
    moments = sorted(is_open)[24 * 12 : -24 * 12]  # the scan sees the days at its ends in part only
    working_time = lay_out(schedule, day.year - 1, day.year + 1)
    since = np.full(len(moments), _micros(moments[0])[0])
    measured = working_time.measure(since, _micros(*moments))
    counted = np.append(0, np.cumsum([is_open[moment] for moment in moments])[:-1])
    assert (measured == counted * 300 * SECOND_US).all()


@settings(deadline=None)
@given(_schedules(), st.integers(0, 7 * 24 * 3600), st.integers(0, 200 * 3600))
def test_the_end_of_a_target_is_the_first_instant_at_which_it_has_passed(
    drawn: tuple[Schedule, date], offset: int, target: int
) -> None:
    schedule, day = drawn
    if not any(pairs for _, pairs in schedule.hours):
        schedule = Schedule(schedule.zone)
    since = _micros(datetime(day.year, day.month, day.day, tzinfo=UTC)) + offset * SECOND_US
    goal = np.array([target * SECOND_US])
    working_time = lay_out_around(schedule, since, target=int(goal[0]))
    end = working_time.find_end(since, goal)
    assert working_time.measure(since, end) == goal
    assert (end >= since).all()
    assert target == 0 or working_time.measure(since, end - 1) < goal


def test_a_target_ends_at_closing_time_rather_than_at_the_next_opening() -> None:
    friday = _micros(datetime(2024, 5, 3, 9, tzinfo=UTC))
    end = lay_out_around(Schedule(), friday, target=8 * HOUR_US).find_end(friday, np.array([8 * HOUR_US]))
    assert end == _micros(datetime(2024, 5, 3, 17, tzinfo=UTC))


def test_a_target_may_end_years_later() -> None:
    one_hour_a_week = Schedule(hours=(("mon", ((time(9), time(10)),)),))
    monday = _micros(datetime(2024, 5, 6, 9, tzinfo=UTC))
    target = 520 * HOUR_US
    end = lay_out_around(one_hour_a_week, monday, target=target).find_end(monday, np.array([target]))
    assert end == _micros(datetime(2024, 5, 6, 10, tzinfo=UTC) + timedelta(weeks=519))


def test_a_target_that_never_ends_is_refused() -> None:
    with pytest.raises(UsageError, match="3600 business seconds does not end within 200 years"):
        lay_out_around(Schedule(hours=()), np.array([0]), target=HOUR_US)


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (Schedule(zone="Mars/Olympus"), "'Mars/Olympus' is not an IANA time zone"),
        (Schedule(zone=""), "'' is not an IANA time zone"),
        (Schedule(zone="../etc/passwd"), "is not an IANA time zone"),
        (Schedule(hours=(("monday", ()),)), r"\['monday'\] are no weekdays; use mon, tue"),
        (Schedule(hours=(("mon", ()), ("mon", ()))), "a weekday stands twice"),
        (Schedule(hours=(("mon", ((time(17), time(9)),)),)), "hours of mon are 17:00-09:00; each must end"),
        (
            Schedule(hours=(("tue", ((time(9), time(13)), (time(12), time(17)))),)),
            "hours of tue are 09:00-13:00, 12:00-17:00; .* without overlap",
        ),
        (Schedule(holidays="XX"), "the holidays of 'XX' are not known; write a country code"),
        (Schedule(holidays="DE-XX"), "the holidays of 'DE-XX' are not known"),
    ],
)
def test_a_schedule_that_breaks_a_rule_is_refused(schedule: Schedule, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_schedule(schedule)

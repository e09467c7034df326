"""Working time: how much of the time between two instants the company was at work.

The opening hours of some years are laid out once as sorted intervals of UTC. With the time worked before
each of them, the business time F(t) up to an instant is one binary search, the time between two instants is
F(b) - F(a), and a deadline is the inverse of F.

    Mon 9-17, Tue 9-17: from Mon 16:00 to Tue 10:00 are 2 hours; 3 hours after Mon 16:00 is Tue 11:00.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arithmetic.arrays import SECOND_US, Rows
from schemas.errors import UsageError
from schemas.policy import WEEKDAYS, Schedule

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_US = 86_400 * SECOND_US
_FURTHEST_YEARS = 200
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday


@dataclass(frozen=True, eq=False)
class WorkingTime:
    """Opening hours as sorted intervals that do not overlap, in microseconds since 1970 (UTC).

    Attributes:
        opens: When each interval begins.
        closes: When it ends; that instant is outside.
        worked: Microseconds worked before it.
    """

    opens: Rows
    closes: Rows
    worked: Rows

    def measure(self, since: Rows, until: Rows) -> Rows:
        """Business microseconds between instants; negative where `until` is the earlier."""
        return self.worked_until(until) - self.worked_until(since)

    def total(self) -> int:
        """All business microseconds that are laid out."""
        return int(self.worked[-1] + self.closes[-1] - self.opens[-1]) if len(self.opens) else 0

    def find_end(self, since: Rows, target: Rows) -> Rows:
        """The earliest instant at which `target` business microseconds have passed since `since`."""
        goal = self.worked_until(since) + target
        place = np.searchsorted(self.worked + self.closes - self.opens, goal, side="left")
        place = np.minimum(place, len(self.opens) - 1)
        return np.maximum(since, self.opens[place] + goal - self.worked[place])

    def worked_until(self, instants: Rows) -> Rows:
        """Business microseconds from the beginning of the layout to each instant."""
        if not len(self.opens):
            return np.zeros(len(instants), dtype=np.int64)
        place = np.searchsorted(self.opens, instants, side="right") - 1
        inside = np.minimum(instants, self.closes[place]) - self.opens[place]
        return np.where(place < 0, 0, self.worked[place] + inside)


@lru_cache(maxsize=64)
def lay_out(schedule: Schedule, first_year: int, last_year: int) -> WorkingTime:
    """Lay out the schedule over whole years of local time.

    An interval opens when the local clock first shows its beginning or more, and closes after it last shows
    less than its end: where clocks are set back, an hour that comes twice is worked twice, and where they are
    set forward, the hour that is left out is not worked.

    Args:
        schedule: When the company works.
        first_year: The first year, included.
        last_year: The last year, included.

    Raises:
        UsageError: The schedule breaks a rule; see `check_schedule`.
    """
    check_schedule(schedule)
    every_day = np.arange(f"{first_year}-01-01", f"{last_year + 1}-01-01", dtype="datetime64[D]")
    days_off = _find_holidays(schedule.holidays, first_year, last_year)
    days: Rows = np.setdiff1d(every_day, days_off).astype(np.int64)
    weekdays = (days + _EPOCH_WEEKDAY) % 7
    begins, ends = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for name, pairs in schedule.hours:
        midnights = days[weekdays == WEEKDAYS.index(name)] * _DAY_US
        begins += [midnights + _to_micros(begin) for begin, _ in pairs]
        ends += [midnights + (_to_micros(end) or _DAY_US) for _, end in pairs]
    opens = np.sort(_to_utc(np.concatenate(begins), schedule.zone, "earliest", "latest"))
    last_instants = np.concatenate(ends) - 1  # and not the end itself, which may come twice
    closes = np.sort(_to_utc(last_instants, schedule.zone, "latest", "earliest")) + 1
    opens[1:] = np.maximum(opens[1:], closes[:-1])  # they overlap only within an hour that comes twice
    worked = np.append(0, np.cumsum(closes - opens))[: len(opens)]
    return WorkingTime(opens=opens, closes=closes, worked=worked)


def lay_out_around(schedule: Schedule, instants: Rows, *, target: int = 0) -> WorkingTime:
    """Lay out the schedule around instants, so far that a target that begins at any of them ends in it.

    Args:
        schedule: When the company works.
        instants: Microseconds since 1970 (UTC), at least one.
        target: Business microseconds.

    Raises:
        UsageError: The target would not end within 200 years.
    """
    latest = instants.max(keepdims=True)
    first, last = ((_EPOCH + timedelta(microseconds=int(end))).year for end in (instants.min(), instants.max()))
    for ahead in (1, 2, 8, 32, _FURTHEST_YEARS):
        working_time = lay_out(schedule, first - 1, last + ahead)
        if target <= working_time.total() - int(working_time.worked_until(latest)[0]):
            return working_time
    raise UsageError(
        f"a target of {target // SECOND_US} business seconds does not end within {_FURTHEST_YEARS} years of "
        "the schedule; make the target shorter, give the schedule more hours, or count by the calendar clock"
    )


def check_schedule(schedule: Schedule) -> None:
    """Refuse a schedule that cannot be laid out.

    Raises:
        UsageError: An unknown zone, weekday, country or subdivision, or hours that overlap or run backwards.
    """
    try:
        ZoneInfo(schedule.zone)
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(
            f"schedule: zone {schedule.zone!r} is not an IANA time zone; write one such as 'Europe/Berlin'"
        ) from error
    names = [name for name, _ in schedule.hours]
    if unknown := [name for name in names if name not in WEEKDAYS]:
        raise UsageError(f"schedule: {unknown} are no weekdays; use {', '.join(WEEKDAYS)}")
    if len(set(names)) < len(names):
        raise UsageError(f"schedule: a weekday stands twice in {names}; give all its hours in one place")
    for name, pairs in schedule.hours:
        _check_hours(name, pairs)
    _find_holidays(schedule.holidays, 2000, 2000)


def _check_hours(name: str, pairs: tuple[tuple[time, time], ...]) -> None:
    edges = [edge for begin, end in pairs for edge in (_to_micros(begin), _to_micros(end) or _DAY_US)]
    rises = all(begin < end for begin, end in zip(edges[::2], edges[1::2], strict=True))
    if not rises or edges != sorted(edges):
        shown = ", ".join(f"{begin:%H:%M}-{end:%H:%M}" for begin, end in pairs)
        raise UsageError(
            f"schedule: the hours of {name} are {shown}; each must end after it begins (00:00 as an end is "
            "midnight), and they must be in order without overlap"
        )


def _find_holidays(place: str | None, first_year: int, last_year: int) -> np.ndarray:
    if place is None:
        return np.zeros(0, dtype="datetime64[D]")
    country, _, subdivision = place.partition("-")
    try:
        found: list[date] = list(
            holidays.country_holidays(country, subdiv=subdivision or None, years=range(first_year, last_year + 1))
        )
    except NotImplementedError as error:
        raise UsageError(
            f"schedule: the holidays of {place!r} are not known; write a country code such as 'DE', or with "
            "its subdivision 'DE-BY', as the holidays package lists them"
        ) from error
    return np.array(found, dtype="datetime64[D]")


def _to_micros(clock: time) -> int:
    return ((clock.hour * 60 + clock.minute) * 60 + clock.second) * SECOND_US + clock.microsecond


def _to_utc(local: Rows, zone: str, ambiguous: str, nonexistent: str) -> Rows:
    naive = pa.array(local).cast(pa.timestamp("us"))
    times = pc.assume_timezone(naive, zone, ambiguous=ambiguous, nonexistent=nonexistent)
    return times.cast(pa.int64()).to_numpy()

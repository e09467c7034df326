"""POLICY: the company's own rules that the tables are measured by."""

from dataclasses import dataclass, field
from datetime import date, time
from typing import Literal

from schemas.errors import UsageError

Clock = Literal["calendar", "business"]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HORIZONS_DAYS = (30, 90, 180)


@dataclass(frozen=True)
class Schedule:
    """When the company works.

    Attributes:
        zone: IANA time zone of the hours.
        hours: Opening hours per weekday (`mon` to `sun`), as (from, to) pairs in local time.
        holidays: Country code, optionally with a subdivision (`DE`, `DE-BY`), whose public holidays are off.
    """

    zone: str = "UTC"
    hours: tuple[tuple[str, tuple[tuple[time, time], ...]], ...] = tuple(
        (day, ((time(9), time(17)),)) for day in WEEKDAYS[:5]
    )
    holidays: str | None = None


@dataclass(frozen=True)
class Target:
    """What the company promises to cases opened on or after a day.

    Attributes:
        valid_from: The first day on which the target holds, in the schedule's zone.
        priority: The case priority it is for; None for all others.
        first_reply_seconds: Longest time to the first reply.
        resolution_seconds: Longest time to the resolution.
        clock: Whether those seconds are counted in calendar or in business time.
    """

    valid_from: date
    priority: str | None = None
    first_reply_seconds: int | None = None
    resolution_seconds: int | None = None
    clock: Clock = "calendar"


@dataclass(frozen=True)
class Policy:
    """The rules of one company.

    Attributes:
        recovery_window_days: Days after opening in which recovery counts; their end is the landmark.
        urgent_reply_seconds: A first reply within this business time counts as urgent by the clock.
        min_group: Groups with fewer cases are suppressed in the aggregates.
        expectation_weight: Weight of the latest earlier experience in a customer's expectation (0 to 1).
        schedule: When the company works.
        targets: What it promises.
    """

    recovery_window_days: int = 14
    urgent_reply_seconds: int = 3600
    min_group: int = 5
    expectation_weight: float = 0.5
    schedule: Schedule = field(default_factory=Schedule)
    targets: tuple[Target, ...] = ()

    def __post_init__(self) -> None:
        """Check the bounds."""
        if self.recovery_window_days < 1:
            raise UsageError(f"recovery_window_days is {self.recovery_window_days}; it must be at least 1")
        if not 0 < self.expectation_weight <= 1:
            raise UsageError(f"expectation_weight is {self.expectation_weight}; it must be over 0 and at most 1")
        if self.min_group < 1:
            raise UsageError(f"min_group is {self.min_group}; it must be at least 1")

"""Customers: who they are, and which complaints they would bring if nothing drove them away."""

from dataclasses import dataclass

import numpy as np

from demo.mechanism import NO_COMPLAINT_BEFORE, SEGMENT_VALUES, Mechanism, measure_standing
from demo.read_conversations import LANGS
from demo.types import DAY, NEVER, YEAR, Flags, Floats, Ints
from schemas.raw_messages import SEVERITIES

HISTORY_DAYS = 730
COMPLAINTS = 3  # at most so many for one customer
_COMPLAINTS_SHARE = (0.35, 0.40, 0.17, 0.08)
_LANG_SHARE = (0.45, 0.30, 0.25)
_SEVERITY_SHARE = (0.3, 0.4, 0.2, 0.1)
_LONGEST_YEARS = 8
_GAP_DAYS, _MEAN_GAP_DAYS = 21, 80
_QUIT_SHARE = 0.01
_SETTLED_LEAVE_DAYS = (900.0, 1500.0, 2500.0)  # mean days to a cancellation without any complaint, by segment


@dataclass(frozen=True)
class Customers:
    """Customers as columns; times are seconds since the epoch. From `opened` on, a column a complaint.

    Attributes:
        number: Number over the whole demo, from 0.
        lang: Position in `LANGS`.
        since: When the customer became one.
        value: Worth a year.
        segment: Position in `SEGMENTS`.
        leaves_at: When the customer cancels if no complaint comes first.
        opened: When each planned complaint opens; infinite where there is none.
        severity: Position in `SEVERITIES`.
        standing: The confounder.
        grade: The true recovery grade that each planned complaint gets.
        return_draw: Standard exponential draw behind the time of coming back, shared by all grades.
        leave_draw: The same for cancelling.
        quits_at: When the customer cancels between opening and landmark, for other reasons; else infinite.
    """

    number: Ints
    lang: Ints
    since: Floats
    value: Floats
    segment: Ints
    leaves_at: Floats
    opened: Floats
    severity: Ints
    standing: Floats
    grade: Ints
    return_draw: Floats
    leave_draw: Floats
    quits_at: Floats

    def grade_before(self, complaint: int) -> Ints:
        """Grade of the complaint before, or `NO_COMPLAINT_BEFORE`."""
        if complaint == 0:
            return np.full(len(self.number), NO_COMPLAINT_BEFORE)
        return self.grade[:, complaint - 1]


def draw_customers(numbers: Ints, until: float, mechanism: Mechanism, rng: np.random.Generator) -> Customers:
    """Draw customers and their planned complaints.

    Args:
        numbers: The customers' numbers.
        until: End of the exports, seconds since the epoch.
        mechanism: What decides the recovery.
        rng: The source of chance.
    """
    n = len(numbers)
    value = np.round(rng.lognormal(6.0, 0.8, n), 2)
    segment = np.digitize(value, SEGMENT_VALUES)
    since = np.floor(until - rng.uniform(30 * DAY, _LONGEST_YEARS * YEAR, n))
    starts = np.maximum(since, until - HISTORY_DAYS * DAY)
    opened = _draw_openings(starts, until, rng)
    severity, standing, grade = _draw_recoveries(opened, since, segment, until, mechanism, rng)
    quits_at = _draw_quits(opened, rng)
    settled = rng.exponential(np.array(_SETTLED_LEAVE_DAYS)[segment] * DAY)
    return Customers(
        number=numbers,
        lang=rng.choice(len(LANGS), n, p=_LANG_SHARE),
        since=since,
        value=value,
        segment=segment,
        leaves_at=starts + np.floor(settled) + 1,
        opened=opened,
        severity=severity,
        standing=standing,
        grade=grade,
        return_draw=rng.standard_exponential((n, COMPLAINTS)),
        leave_draw=rng.standard_exponential((n, COMPLAINTS)),
        quits_at=quits_at,
    )


def _draw_openings(starts: Floats, until: float, rng: np.random.Generator) -> Floats:
    """Openings: the first anywhere in the customer's history, the next at least three weeks later."""
    n = len(starts)
    planned = rng.choice(len(_COMPLAINTS_SHARE), n, p=_COMPLAINTS_SHARE)
    gaps = (_GAP_DAYS + rng.exponential(_MEAN_GAP_DAYS, (n, COMPLAINTS))) * DAY
    gaps[:, 0] = rng.uniform(DAY, until - starts)
    opened = draw_hours(starts[:, None] + np.cumsum(gaps, axis=1), rng)
    is_there: Flags = (np.arange(COMPLAINTS) < planned[:, None]) & (opened < until)
    return np.where(is_there, opened, NEVER)


def _draw_recoveries(
    opened: Floats,
    since: Floats,
    segment: Ints,
    until: float,
    mechanism: Mechanism,
    rng: np.random.Generator,
) -> tuple[Ints, Floats, Ints]:
    """Severity, standing and grade of each complaint; one that is not there has them without any use."""
    severity = rng.choice(len(SEVERITIES), opened.shape, p=_SEVERITY_SHARE)
    years = (np.where(np.isfinite(opened), opened, until) - since[:, None]) / YEAR
    standing = measure_standing(segment[:, None], years, severity)
    cumulated = mechanism.grade_probabilities(standing).cumsum(axis=-1)
    grade = (rng.random((*opened.shape, 1)) > cumulated[..., :-1]).sum(axis=-1)
    return severity, standing, grade


def _draw_quits(opened: Floats, rng: np.random.Generator) -> Floats:
    """When customers cancel before the landmark, whatever the recovery."""
    quits = rng.random(opened.shape) < _QUIT_SHARE
    return np.where(quits, opened + np.floor(rng.uniform(DAY, 13 * DAY, opened.shape)), NEVER)


def draw_hours(times: Floats, rng: np.random.Generator) -> Floats:
    """Move times to the hours at which people write, 7 to 23 UTC, most of them in the middle of the day."""
    hour = 7 + 16 * rng.beta(2.0, 2.0, times.shape)
    return np.floor(times / DAY) * DAY + np.floor(hour * 3600)

"""Cases: the complaints that were brought and the other talks, each playing a script."""

from dataclasses import dataclass

import numpy as np

from demo.draw_customers import HISTORY_DAYS, Customers, draw_hours
from demo.follow_outcomes import WINDOW_SECONDS, Followed
from demo.load_scripts import Scripts
from demo.read_conversations import LANGS
from demo.types import DAY, Flags, Floats, Ints

NO_COMPLAINT = -1
_TALKS_A_YEAR = 0.4
_MOST_TALKS = 3


@dataclass(frozen=True)
class Cases:
    """Cases as columns, ordered by opening.

    Attributes:
        customer: Position of the customer in their `Customers`.
        complaint: The customer's how manieth complaint, from 0; -1 for other talks.
        opened: Seconds since the epoch.
        script: Position of the script.
        is_fast: The first reply comes within an office hour.
    """

    customer: Ints
    complaint: Ints
    opened: Floats
    script: Ints
    is_fast: Flags

    @property
    def is_complaint(self) -> Flags:
        """Which cases are complaints."""
        return np.not_equal(self.complaint, NO_COMPLAINT)

    @property
    def landmark(self) -> Floats:
        """When the recovery window ends, seconds since the epoch."""
        return self.opened + WINDOW_SECONDS


def draw_cases(
    customers: Customers, followed: Followed, scripts: Scripts, until: float, rng: np.random.Generator
) -> Cases:
    """Give each complaint that was brought, and each other talk, a script in the customer's language."""
    customer, complaint = np.nonzero(followed.is_real)
    opened = customers.opened[customer, complaint]
    talker, talked_at = _draw_talks(customers, followed, until, rng)
    customer = np.concatenate([customer, talker])
    complaint = np.concatenate([complaint, np.full(len(talker), NO_COMPLAINT)])
    opened = np.concatenate([opened, talked_at])
    # Numbers break ties, so the order is one order.
    order = np.lexsort((complaint, customer, opened))
    customer, complaint, opened = customer[order], complaint[order], opened[order]
    script, is_fast = _cast_scripts(customers, customer, complaint, scripts, rng)
    return Cases(customer, complaint, opened, script, is_fast)


def _draw_talks(
    customers: Customers, followed: Followed, until: float, rng: np.random.Generator
) -> tuple[Ints, Floats]:
    """Questions, praise and small talk: at any time while the customer is one."""
    starts = np.maximum(customers.since, until - HISTORY_DAYS * DAY) + DAY
    ends = np.minimum(followed.cancelled_at, until)
    years = np.maximum(ends - starts, 0) / (365 * DAY)
    talks = np.minimum(rng.poisson(_TALKS_A_YEAR * years), _MOST_TALKS)
    customer = np.repeat(np.arange(len(starts)), talks)
    times = rng.uniform(starts[customer], np.maximum(ends, starts)[customer])
    times = draw_hours(times, rng)
    return customer[times < ends[customer]], times[times < ends[customer]]


def _cast_scripts(
    customers: Customers, customer: Ints, complaint: Ints, scripts: Scripts, rng: np.random.Generator
) -> tuple[Ints, Flags]:
    """Pick a script for each case: for complaints one whose true grade is the one that was drawn."""
    grade = np.where(complaint == NO_COMPLAINT, NO_COMPLAINT, customers.grade[customer, complaint])
    lang = customers.lang[customer]
    luck = rng.random(len(customer))
    script, is_fast = np.zeros(len(customer), dtype=np.int64), np.ones(len(customer), dtype=bool)
    for (wanted, spoken), plays in scripts.complaints.items():
        chosen = (grade == wanted) & (lang == spoken)
        play = (luck[chosen] * len(plays.script)).astype(np.int64)
        script[chosen], is_fast[chosen] = plays.script[play], plays.is_fast[play]
    for spoken in range(len(LANGS)):
        chosen = (grade == NO_COMPLAINT) & (lang == spoken)
        talks = scripts.talks[spoken]
        script[chosen] = talks[(luck[chosen] * len(talks)).astype(np.int64)]
    return script, is_fast

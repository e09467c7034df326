"""What follows on each complaint: in fact, and had it been recovered otherwise."""

from dataclasses import dataclass

import numpy as np

from demo.draw_customers import COMPLAINTS, Customers
from demo.mechanism import Mechanism
from demo.types import DAY, NEVER, Flags, Floats, Ints
from schemas.policy import Policy

WINDOW_SECONDS = Policy().recovery_window_days * DAY


@dataclass(frozen=True)
class Followed:
    """What happens to each customer; times are seconds since the epoch, infinite where it never happens.

    Attributes:
        is_real: The planned complaint is brought (a column a complaint): the customer is still there.
        returned_at: First purchase or visit after the complaint's landmark and before the next complaint.
        ends_at: When that stage ends: by the next complaint or a cancellation.
        cancelled_at: The customer's cancellation.
    """

    is_real: Flags
    returned_at: Floats
    ends_at: Floats
    cancelled_at: Floats


def follow_stage(
    customers: Customers, complaint: int, grade: Ints, before: Ints, mechanism: Mechanism
) -> tuple[Floats, Floats]:
    """When the customer would come back and cancel after a complaint, if no other one followed.

    Both are exponential after the landmark and share their draw over all grades, so one draw gives the
    potential outcomes under each grade. A customer who quits before the landmark does not come back.
    """
    standing = customers.standing[:, complaint]
    landmark = customers.opened[:, complaint] + WINDOW_SECONDS
    quits_at = customers.quits_at[:, complaint]
    return_rate = mechanism.return_rate(standing, grade, before)
    leave_rate = mechanism.leave_rate(standing, grade, before)
    returned_at = landmark + _whole_seconds(customers.return_draw[:, complaint] / return_rate)
    cancelled_at = landmark + _whole_seconds(customers.leave_draw[:, complaint] / leave_rate)
    returned_at = np.where(np.isfinite(quits_at), NEVER, returned_at)
    return returned_at, np.minimum(quits_at, cancelled_at)


def _whole_seconds(delay: Floats) -> Floats:
    """Whole seconds, at least one, and never a whole number of days, so no outcome lies on a horizon."""
    seconds = np.floor(delay) + 1
    return seconds + (seconds % DAY == 0)


def follow_customers(customers: Customers, mechanism: Mechanism) -> Followed:
    """Follow each customer from complaint to complaint under the grades that were given."""
    is_real = np.zeros(customers.opened.shape, dtype=bool)
    returned_at = np.full(customers.opened.shape, NEVER)
    ends_at = np.full(customers.opened.shape, NEVER)
    cancelled_at = customers.leaves_at
    for complaint in range(COMPLAINTS):
        # The stage before holds until this complaint; whoever cancelled by then does not bring it.
        real = np.isfinite(customers.opened[:, complaint]) & (cancelled_at > customers.opened[:, complaint])
        returned, cancelled = follow_stage(
            customers, complaint, customers.grade[:, complaint], customers.grade_before(complaint), mechanism
        )
        end = np.minimum(cancelled, _next_opening(customers, complaint))
        is_real[:, complaint] = real
        returned_at[:, complaint] = np.where(real & (returned < end), returned, NEVER)
        ends_at[:, complaint] = end
        cancelled_at = np.where(real, cancelled, cancelled_at)
    return Followed(is_real, returned_at, ends_at, cancelled_at)


def potential_outcome(customers: Customers, complaint: int, grade: int, mechanism: Mechanism) -> tuple[Floats, Floats]:
    """First return and cancellation after a complaint, had that complaint had this grade.

    Later complaints keep the grades that they were planned with, and are brought if the customer is
    still there: what the grade of this one does to them belongs to its effect.
    """
    n = len(customers.number)
    returned_at, cancelled_at = np.full(n, NEVER), np.full(n, NEVER)
    own, before = np.full(n, grade), customers.grade_before(complaint)
    is_there = np.isfinite(customers.opened[:, complaint])
    for stage in range(complaint, COMPLAINTS):
        returned, cancelled = follow_stage(customers, stage, own, before, mechanism)
        following = _next_opening(customers, stage)
        happens = is_there & (returned < np.minimum(cancelled, following))
        returned_at = np.minimum(returned_at, np.where(happens, returned, NEVER))
        is_last = is_there & (cancelled < following)
        cancelled_at = np.where(is_last, cancelled, cancelled_at)
        is_there &= ~is_last & np.isfinite(following)
        if stage + 1 < COMPLAINTS:
            before, own = own, customers.grade[:, stage + 1]
    return returned_at, cancelled_at


def _next_opening(customers: Customers, complaint: int) -> Floats:
    if complaint + 1 == COMPLAINTS:
        return np.full(len(customers.number), NEVER)
    return customers.opened[:, complaint + 1]

"""A world without any effect: recovery changes nothing, but a slow one needs a customer who is still there.

Counted from the opening, the recovered seem to stay longer, because those who left at once could not be
recovered any more (immortal time). Counted from the landmark, among those who were still there, they do not.
"""

from math import sqrt

import numpy as np
import pytest

from schemas.policy import HORIZONS_DAYS
from tests.transforms.customer_worlds import EVENTS_FROM, POLICY, UNTIL, Row, World, case, day
from transforms.follow_history import follow_history
from transforms.measure_outcomes import measure_outcomes

CUSTOMERS = 6_000
OPENED, WINDOW = 30, 14
MEAN_STAY_DAYS, MEAN_RECOVERY_DAYS = 60.0, 10.0


def event(event_id: str, customer: str, kind: str, days: float) -> Row:
    """What a customer does so many days after the opening."""
    return {"event_id": event_id, "customer_id": customer, "kind": kind, "occurred_at": day(OPENED + days)}


def simulate(seed: int) -> tuple[World, np.ndarray, np.ndarray]:
    """Everybody complains on one day; who stays and how long a recovery would take are independent."""
    rng = np.random.default_rng(seed)
    frailty = rng.choice((0.5, 1.0, 2.0), CUSTOMERS)  # some leave sooner than others
    stays = rng.exponential(MEAN_STAY_DAYS / frailty)
    takes = rng.exponential(MEAN_RECOVERY_DAYS, CUSTOMERS)
    is_recovered = (takes < stays) & (takes <= WINDOW)
    grades = np.where(is_recovered, "full", "none").tolist()
    cases = [case(f"c{n}", f"k{n}", day(OPENED), recovery_grade=grade) for n, grade in enumerate(grades)]
    leaves = stays.tolist()
    events = [event(f"leaves{n}", f"k{n}", "cancellation", stay) for n, stay in enumerate(leaves)]
    # One order, somewhere in the 200 days that follow, by those who are still there.
    orders = enumerate(rng.uniform(0, 200, CUSTOMERS).tolist())
    events += [event(f"buys{n}", f"k{n}", "order", at) for n, at in orders if at < leaves[n]]
    return World(cases, [], events, [], []), stays, is_recovered


def difference(outcome: np.ndarray, is_recovered: np.ndarray) -> float:
    """Recovered less not recovered, in standard errors."""
    one, other = outcome[is_recovered], outcome[~is_recovered]
    error = sqrt(one.var() / len(one) + other.var() / len(other))
    return float((one.mean() - other.mean()) / error)


@pytest.fixture(scope="module", params=(1, 2, 3))
def world(request: pytest.FixtureRequest) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    simulated, stays, is_recovered = simulate(request.param)
    built, moments, events, surveys, profiles = simulated.batches()
    history = follow_history(built, profiles, policy=POLICY)
    cases = measure_outcomes(
        history, events, surveys, moments, messages_until=UNTIL, events_from=EVENTS_FROM, events_until=UNTIL
    )
    names = ["left_before_landmark", *(f"{o}_{d}" for o in ("churned", "came_back") for d in HORIZONS_DAYS)]
    return {name: cases[name].to_numpy(zero_copy_only=False) for name in names}, stays, is_recovered


def test_counted_from_the_opening_recovery_seems_to_help(
    world: tuple[dict[str, np.ndarray], np.ndarray, np.ndarray],
) -> None:
    _, stays, is_recovered = world
    assert difference(stays <= 90, is_recovered) < -5


@pytest.mark.parametrize("days", HORIZONS_DAYS)
@pytest.mark.parametrize("outcome", ["churned", "came_back"])
def test_counted_from_the_landmark_it_does_nothing(
    world: tuple[dict[str, np.ndarray], np.ndarray, np.ndarray], outcome: str, days: int
) -> None:
    columns, stays, is_recovered = world
    has_left = columns["left_before_landmark"].astype(bool)
    assert has_left.tolist() == (stays <= WINDOW).tolist()
    values = columns[f"{outcome}_{days}"]
    assert {value for value in values[has_left]} == {None}
    at_risk = values[~has_left].astype(float)
    assert 0.05 < at_risk.mean() < 0.99
    assert abs(difference(at_risk, is_recovered[~has_left])) < 3

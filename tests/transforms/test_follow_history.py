import time

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.arithmetic.arrays import find_segments, rank_rows
from schemas.cases import BUILT_CASES
from schemas.policy import Policy
from schemas.profiles import PROFILES
from tests.transforms.customer_worlds import (
    DAY,
    POLICY,
    Row,
    World,
    case,
    day,
    make_batch,
    query,
    random_world,
)
from transforms.follow_history import HISTORY, HISTORY_SCHEMA, follow_history, weigh_scores

NAMES = [field.name for field in HISTORY]


def follow(cases: list[Row], profiles: list[Row] | None = None, policy: Policy = POLICY) -> dict[str, Row]:
    batch = make_batch(BUILT_CASES.schema, cases)
    history = follow_history(batch, make_batch(PROFILES.schema, profiles or []), policy=policy)
    assert history.schema.equals(HISTORY_SCHEMA)
    assert history.select(BUILT_CASES.schema.names).to_pylist() == batch.to_pylist()
    return {row["case_id"]: {name: row[name] for name in NAMES} for row in history.to_pylist()}


def recount(world: World, weight: float) -> dict[str, Row]:
    """The definitions, customer by customer and case by case."""
    found = {}
    for one in world.cases:
        earlier = sorted(
            (c for c in world.cases if c["customer_key"] == one["customer_key"] and one["customer_key"]),
            key=lambda c: (c["opened_at"], c["case_id"]),
        )
        earlier = earlier[: earlier.index(one)] if one in earlier else []
        failures = [c for c in earlier if c["is_complaint"]]
        counts = one["customer_key"] is not None and one["is_complaint"]
        last = failures[-1] if failures and counts else None
        touchpoints = {one["touchpoint"], last["touchpoint"]} if last else {None}
        graded = one["is_complaint"] and one["recovery_grade"] and one["state_close"]
        expected = None
        for score in (c["experience_score"] for c in earlier if c["experience_score"] is not None):
            expected = score if expected is None else weight * score + (1 - weight) * expected
        profiles = (p for p in world.profiles if p["customer_id"] == one["customer_key"])
        profile = next(profiles, {"segment": None, "since": None, "value": None})
        found[one["case_id"]] = {
            "segment": profile["segment"],
            "tenure_days": (one["opened_at"] - profile["since"]) / DAY if profile["since"] else None,
            "customer_value": profile["value"],
            "failure_number": len(failures) + 1 if counts else None,
            "days_since_previous_failure": (one["opened_at"] - last["opened_at"]) / DAY if last else None,
            "same_touchpoint": None if None in touchpoints else len(touchpoints) == 1,
            "previous_recovery_grade": last["recovery_grade"] if last else None,
            "double_deviation": (one["recovery_grade"] == "none" and one["state_close"] == "uncertainty")
            if graded
            else None,
            "expected_score": None if expected is None else round(expected, 6),
        }
    return found


@settings(deadline=None)
@given(st.integers(0, 10**6), st.sampled_from((0.1, 0.3, 0.5, 1.0)))
def test_every_column_equals_a_count_by_hand(seed: int, weight: float) -> None:
    world = random_world(seed)
    found = follow(world.cases, world.profiles, Policy(expectation_weight=weight))
    wanted = recount(world, weight)
    assert found.keys() == wanted.keys()
    for case_id, row in wanted.items():
        assert found[case_id] == pytest.approx(row, abs=1.1e-6), case_id


@pytest.mark.parametrize("seed", range(20))
def test_duckdb_counts_the_same_failures(seed: int) -> None:
    built, _, _, _, profiles = random_world(seed, customers=2).batches()
    history = follow_history(built, profiles, policy=POLICY)
    wanted = query(
        """
        with complaints as (
            select case_id,
                row_number() over past as number,
                epoch_us(opened_at) - epoch_us(lag(opened_at) over past) as us,
                lag(recovery_grade) over past as grade
            from history where is_complaint and customer_key is not null
            window past as (partition by customer_key order by opened_at, case_id)
        )
        select h.case_id, number, us / 86400e6, grade
        from history h left join complaints using (case_id) order by all
        """,
        history=history,
    )
    columns = ("case_id", "failure_number", "days_since_previous_failure", "previous_recovery_grade")
    found = history.sort_by("case_id").select(columns).to_pylist()
    assert [tuple(row.values()) for row in found] == wanted


def test_first_second_and_third_failure() -> None:
    cases = [
        case("third", "a", day(30), touchpoint=None, experience_score=0.6),
        case("second", "a", day(10), touchpoint="bill", recovery_grade="none", state_close="uncertainty"),
        case("first", "a", day(0), touchpoint="bill", recovery_grade="full", state_close="amazement"),
        case("question", "a", day(5), is_complaint=False, recovery_grade="none", state_close="uncertainty"),
        case("other", "b", day(1)),
    ]
    found = follow(cases, [{"customer_id": "a", "since": day(-365), "segment": "gold", "value": 12.5}])
    assert [found[name]["failure_number"] for name in ("first", "second", "third", "question", "other")] == [
        *(1, 2, 3, None, 1)
    ]
    assert [found[name]["days_since_previous_failure"] for name in ("first", "second", "third")] == [
        None,
        10,
        20,
    ]
    assert [found[name]["same_touchpoint"] for name in ("first", "second", "third")] == [None, True, None]
    assert [found[name]["previous_recovery_grade"] for name in ("first", "second", "third")] == [
        *(None, "full", "none")
    ]
    assert [found[name]["double_deviation"] for name in ("first", "second", "third", "question")] == [
        *(False, True, None, None)
    ]
    assert (found["first"]["segment"], found["first"]["tenure_days"], found["first"]["customer_value"]) == (
        *("gold", 365.0, 12.5),
    )
    assert found["other"]["segment"] is None


def test_expectation_is_made_of_earlier_experiences_only() -> None:
    scores = (0.8, None, -0.4, 0.6, 0.0)
    cases = [case(f"c{n}", "a", day(n), experience_score=score) for n, score in enumerate(scores)]
    found = follow(cases, policy=Policy(expectation_weight=0.5))
    assert [found[f"c{n}"]["expected_score"] for n in range(5)] == [None, 0.8, 0.8, 0.2, 0.4]


def test_equal_openings_are_in_order_of_the_case_id() -> None:
    found = follow([case("b", "a", day(1)), case("a", "a", day(1)), case("c", "a", day(1))])
    assert [found[name]["failure_number"] for name in "abc"] == [1, 2, 3]


def test_a_case_without_a_customer_has_no_history_but_its_own() -> None:
    cases = [
        case(f"c{n}", None, day(n), recovery_grade="none", state_close="uncertainty", experience_score=0.5)
        for n in range(2)
    ]
    rows = follow(cases, [{"customer_id": "x", "segment": "gold"}]).values()
    assert [{name for name, value in row.items() if value is not None} for row in rows] == [{"double_deviation"}] * 2


def test_of_two_profiles_the_oldest_counts_in_any_order() -> None:
    profiles = [
        {"customer_id": "a", "since": day(-5), "segment": "new"},
        {"customer_id": "a", "since": None, "segment": "lost"},
        {"customer_id": "a", "since": day(-9), "segment": "old"},
    ]
    for order in (profiles, profiles[::-1]):
        assert follow([case("c", "a", day(0))], order)["c"]["segment"] == "old"


def test_an_empty_batch_and_a_slice() -> None:
    world = random_world(3)
    built, _, _, _, profiles = world.batches()
    assert follow_history(built.slice(0, 0), profiles.slice(0, 0), policy=POLICY).num_rows == 0
    alone = pa.RecordBatch.from_pylist(built.slice(2, 5).to_pylist(), schema=built.schema)
    sliced = follow_history(built.slice(2, 5), profiles.slice(1), policy=POLICY)
    assert sliced.to_pylist() == follow_history(alone, profiles.slice(1), policy=POLICY).to_pylist()


def test_a_customer_with_fifty_thousand_cases_is_no_slower_than_many_with_one() -> None:
    scores = np.round(np.sin(np.arange(50_000)), 4)
    rank = rank_rows(find_segments(pa.array(np.zeros(50_000, np.int64))))
    began = time.process_time()
    means = weigh_scores(scores, rank, 0.3)
    assert time.process_time() - began < 2.0
    mean, wanted = scores[0], []
    for score in scores.tolist():
        mean = 0.3 * score + 0.7 * mean
        wanted.append(mean)
    wanted[0] = scores[0]
    assert np.abs(means - np.array(wanted)).max() <= 1e-6

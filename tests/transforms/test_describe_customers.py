import math

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.cases import CASES
from schemas.check_batch import check_batch
from schemas.customers import CUSTOMERS
from schemas.journeys import JOURNEYS
from schemas.moments import MOMENTS
from schemas.profiles import PROFILES
from tests.transforms.customer_worlds import (
    Row,
    World,
    case,
    day,
    make_batch,
    moment,
    query,
    random_world,
    run_world,
)
from transforms.describe_customers import describe_customers


def describe(world: World, average: float = 0.1) -> dict[str, Row]:
    return {row["customer_key"]: row for row in run_world(world, average)["customers"]}


def recount(world: World, tables: dict[str, list[Row]], key: str, average: float) -> Row:
    said = sorted(
        (m for m in world.moments if m["customer_key"] == key),
        key=lambda m: (m["sent_at"], m["case_id"], m["message_id"]),
    )
    cases = sorted((c for c in world.cases if c["customer_key"] == key), key=lambda c: (c["opened_at"], c["case_id"]))
    complaints = [c for c in cases if c["is_complaint"]]
    scores = [c["experience_score"] for c in cases if c["experience_score"] is not None]
    expected = scores[0] if len(scores) > 1 else None
    for score in scores[1:-1]:
        expected = 0.3 * score + 0.7 * expected
    gap = None if expected is None else round(scores[-1] - round(expected, 6), 6)
    grade = None if gap is None else "poor" if gap < -0.25 else "neutral" if gap <= 0.25 else "good"
    minutes = [c["agent_minutes"] for c in cases if c["agent_minutes"] is not None]
    mean = sum(scores) / len(scores) if scores else None
    now = [s for s in tables["journeys"] if s["customer_key"] == key]
    profile = next((p for p in world.profiles if p["customer_id"] == key), {})
    latest = [m for m in said if m["case_id"] == said[-1]["case_id"]]
    return {
        "customer_key": key,
        **{name: profile.get(name) for name in ("segment", "since", "value")},
        "state": now[-1]["state"] if now else "uncertainty",
        "state_since": now[-1]["started_at"] if now else None,
        "first_message_at": said[0]["sent_at"] if said else None,
        "last_message_at": said[-1]["sent_at"] if said else None,
        "channels": sorted({m["channel"] for m in said} - {None}),
        "cases": len(cases),
        "complaints": len(complaints),
        "complaints_upheld": sum(c["validity"] == "upheld" for c in complaints),
        "complaints_judged": sum(c["validity"] != "unknown" for c in complaints),
        "experiences": len(scores),
        "consistency_share": sum(s > average for s in scores) / len(scores) if scores else None,
        "consistency_spread": math.sqrt(sum((s - mean) ** 2 for s in scores) / len(scores)) if scores else None,
        "expected_score": expected,
        "latest_score": scores[-1] if scores else None,
        "expectation_gap": gap,
        "experience_grade": "exceptional" if gap is not None and gap > 0.75 else grade,
        "always_positive": any("always_positive" in m["signals"] for m in said) if said else None,
        "advocacy": any("advocacy" in m["signals"] for m in said) if said else None,
        "churn_intent": any("churn_intent" in m["signals"] for m in latest) if said else None,
        "messages": sum(c["customer_messages"] + c["agent_messages"] + c["internal_notes"] for c in cases),
        "agent_minutes": sum(minutes) if minutes else None,
        "value_at_risk": None,
    }


@settings(deadline=None)
@given(st.integers(0, 10**6), st.sampled_from((-0.3, 0.1, 0.2)))
def test_every_column_equals_a_count_by_hand(seed: int, average: float) -> None:
    world = random_world(seed, customers=2)
    tables = run_world(world, average)
    keys = {m["customer_key"] for m in world.moments} | {p["customer_id"] for p in world.profiles}
    keys |= {c["customer_key"] for c in world.cases} - {None}
    assert [row["customer_key"] for row in tables["customers"]] == sorted(keys)
    for row in tables["customers"]:
        wanted = recount(world, tables, row["customer_key"], average)
        numbers = {name for name, value in wanted.items() if isinstance(value, float)}
        assert {name: row[name] for name in numbers} == pytest.approx(
            {name: wanted[name] for name in numbers}, abs=2e-6
        )
        assert {**row, **wanted} == row | {name: wanted[name] for name in numbers}


@pytest.mark.parametrize("seed", range(10))
def test_duckdb_finds_the_same_consistency_and_gap(seed: int) -> None:
    tables = run_world(random_world(seed, customers=2))
    cases = pa.RecordBatch.from_pylist(tables["cases"], schema=CASES.schema)
    wanted = query(
        """
        with scored as (
            select *, round(experience_score::double, 4) as score,
                row_number() over (partition by customer_key order by opened_at desc, case_id desc) as back
            from cases
        ),
        company as (select round(sum(score * 10000)) / (count(*) * 10000) as mean from scored)
        select customer_key, avg((score > company.mean)::int), stddev_pop(score),
            sum(score - expected_score) filter (back = 1)
        from scored, company where customer_key is not null group by 1 order by 1
        """,
        cases=cases.filter(cases["experience_score"].is_valid()),
    )
    names = ("customer_key", "consistency_share", "consistency_spread", "expectation_gap")
    found = [tuple(row[name] for name in names) for row in tables["customers"] if row["experiences"]]
    assert [row[0] for row in found] == [row[0] for row in wanted]
    for mine, theirs in zip(found, wanted, strict=True):
        assert mine[1:] == pytest.approx(theirs[1:], abs=2e-6)


@pytest.mark.parametrize(
    ("before", "latest", "gap", "grade"),
    [
        (0.0, -0.2501, -0.2501, "poor"),
        (0.0, -0.25, -0.25, "neutral"),
        (0.3, 0.55, 0.25, "neutral"),
        (0.3, 0.5501, 0.2501, "good"),
        (-0.1, 0.65, 0.75, "good"),
        (-0.1, 0.6501, 0.7501, "exceptional"),
        (0.5, 0.5, 0.0, "neutral"),
    ],
)
def test_the_grade_of_the_gap(before: float, latest: float, gap: float, grade: str) -> None:
    cases = [case(f"c{n}", "a", day(n), experience_score=score) for n, score in enumerate((before, latest))]
    row = describe(World(cases, [], [], [], []))["a"]
    assert (row["expected_score"], row["latest_score"]) == (before, latest)
    assert (row["expectation_gap"], row["experience_grade"]) == (gap, grade)


def test_consistency_is_above_the_average_and_not_at_it() -> None:
    cases = [case(f"c{n}", "a", day(n), experience_score=score) for n, score in enumerate((0.3, 0.3, 0.9, -0.1))]
    row = describe(World(cases, [], [], [], []), average=0.3)["a"]
    assert (row["consistency_share"], row["consistency_spread"]) == (0.25, pytest.approx(0.357071))


def test_a_customer_without_cases_or_words_is_in_uncertainty_and_little_else() -> None:
    row = describe(World([], [], [], [], [{"customer_id": "a", "value": 7.0}]))["a"]
    known = {name: value for name, value in row.items() if value not in (None, 0, [])}
    assert known == {"customer_key": "a", "value": 7.0, "state": "uncertainty"}


def test_churn_intent_is_of_the_latest_case_only() -> None:
    said = [
        moment("a", day(1), "c1", "uncertainty", "1", signals=["churn_intent", "advocacy"]),
        moment("a", day(2), "c2", "neutral", "2", signals=[]),
    ]
    row = describe(World([], said, [], [], []))["a"]
    assert (row["advocacy"], row["churn_intent"], row["always_positive"]) == (True, False, False)


def test_a_model_without_signals_leaves_what_was_said_unknown() -> None:
    moments = [moment("a", day(1), "c", "amazement", "1", signals=None)]
    (row,) = run_world(World([case("c", "a", day(1))], moments, [], [], []))["customers"]
    assert (row["advocacy"], row["churn_intent"], row["always_positive"]) == (None, None, None)
    assert row["first_message_at"] == day(1)


def test_without_any_score_there_is_no_average_and_no_consistency() -> None:
    row = run_world(World([case("c", "a", day(1))], [], [], [], []))["customers"][0]
    assert [row[name] for name in ("consistency_share", "consistency_spread", "latest_score")] == [None] * 3


def test_empty_batches_and_slices() -> None:
    empty = (CASES.empty(), JOURNEYS.empty(), MOMENTS.empty(), PROFILES.empty())
    assert check_batch(describe_customers(*empty, company_average=None), CUSTOMERS).num_rows == 0
    world = random_world(8)
    tables = run_world(world)
    batches = [make_batch(CASES.schema, tables["cases"]), make_batch(JOURNEYS.schema, tables["journeys"])]
    slices = [batch.slice(1) for batch in (*batches, world.batches()[1], world.batches()[4])]
    copies = [make_batch(batch.schema, batch.to_pylist()) for batch in slices]
    found, wanted = (describe_customers(*some, company_average=0.1) for some in (slices, copies))
    assert found.num_rows
    assert check_batch(found, CUSTOMERS).to_pylist() == wanted.to_pylist()

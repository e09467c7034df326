from datetime import timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.cases import CASES
from schemas.check_batch import check_batch
from schemas.errors import InputError
from schemas.policy import HORIZONS_DAYS
from tests.transforms.customer_worlds import (
    DAY,
    EVENTS_FROM,
    EVENTS_UNTIL,
    POLICY,
    UNTIL,
    Row,
    World,
    case,
    day,
    moment,
    query,
    random_world,
)
from transforms.follow_history import HISTORY_SCHEMA, follow_history
from transforms.measure_outcomes import measure_outcomes

NAMES = [name for name in CASES.schema.names if name not in HISTORY_SCHEMA.names]
TICK = timedelta(microseconds=1)
PURCHASES = ("order", "renewal")
RETURNS = (*PURCHASES, "visit")


def measure(world: World, *, has_events: bool = True, **spans: object) -> pa.RecordBatch:
    built, moments, events, surveys, profiles = world.batches()
    history = follow_history(built, profiles, policy=POLICY)
    given_spans = {
        "messages_until": UNTIL,
        "events_from": EVENTS_FROM if has_events else None,
        "events_until": EVENTS_UNTIL if has_events else None,
    } | spans
    cases = measure_outcomes(history, events, surveys, moments, **given_spans)
    assert cases.select(HISTORY_SCHEMA.names).to_pylist() == history.to_pylist()
    return check_batch(cases, CASES)


def outcomes(world: World, **spans: object) -> dict[str, Row]:
    rows = measure(world, **spans).to_pylist()
    return {row["case_id"]: {name: row[name] for name in NAMES} for row in rows}


def one_case(events: list[tuple[str, float]] = (), **more: object) -> World:
    """A case opened on day 100, so that its landmark is day 114, and events on days."""
    rows = [
        {"event_id": f"e{n}", "customer_id": "a", "kind": kind, "occurred_at": day(at), "amount": 10.0}
        for n, (kind, at) in enumerate(events)
    ]
    return World([case("c", "a", day(100), **more)], [], rows, [], [])


def recount_acts(world: World, one: Row) -> Row:
    opened, landmark, key = one["opened_at"], one["landmark_at"], one["customer_key"]
    events = [e for e in world.events if e["customer_id"] == key]

    def between(kinds: tuple[str, ...], first: object, last: object) -> list[Row]:
        return [e for e in events if e["kind"] in kinds and first < e["occurred_at"] <= last]

    covered = key is not None and opened >= EVENTS_FROM
    left = covered and bool(between(("cancellation",), opened - TICK, landmark))
    row: Row = {
        "left_before_landmark": left if covered and (left or landmark <= EVENTS_UNTIL) else None,
        "purchases_before_90": len(between(PURCHASES, opened - 90 * DAY - TICK, opened - TICK))
        if key is not None and opened - 90 * DAY >= EVENTS_FROM and opened <= EVENTS_UNTIL
        else None,
    }
    for days in HORIZONS_DAYS:
        end = landmark + days * DAY
        is_known = covered and not left and end <= EVENTS_UNTIL
        cents = sum(round((e["amount"] or 0) * 100) for e in between((*RETURNS, "cancellation"), landmark, end))
        again = [
            c
            for c in world.cases
            if c["customer_key"] == key and c["is_complaint"] and landmark < c["opened_at"] <= end
        ]
        row |= {
            f"came_back_{days}": bool(between(RETURNS, landmark, end)) if is_known else None,
            f"purchases_{days}": len(between(PURCHASES, landmark, end)) if is_known else None,
            f"revenue_{days}": cents / 100 if is_known else None,
            f"churned_{days}": bool(between(("cancellation",), landmark, end)) if is_known else None,
            f"complained_again_{days}": bool(again) if key and not left and end <= UNTIL else None,
        }
    return row


def recount_words(world: World, one: Row) -> Row:
    key, replied = one["customer_key"], one["first_reply_at"]
    said = [m for m in world.moments if m["customer_key"] == key]
    after: list[Row] = []
    if replied is not None and key is not None:
        after = [m for m in said if replied < m["sent_at"] <= replied + 180 * DAY]
    answers = sorted((s for s in world.surveys if s["customer_id"] == key and key), key=lambda s: s["answered_at"])
    csat = [s["score"] for s in answers if s["kind"] == "csat" and s["conversation_id"] == one["case_id"]]
    window = (one["landmark_at"], one["landmark_at"] + 180 * DAY)
    nps = [s["score"] for s in answers if s["kind"] == "nps" and window[0] < s["answered_at"] <= window[1]]
    intents = ("return_intent", "advocacy", "churn_intent")
    row: Row = {name: any(name in m["signals"] for m in after) if after else None for name in intents}
    return row | {"csat": csat[-1] if csat else None, "nps": nps[0] if nps else None}


@settings(deadline=None)
@given(st.integers(0, 10**6))
def test_every_outcome_equals_a_count_by_hand(seed: int) -> None:
    world = random_world(seed, customers=2)
    found = outcomes(world)
    wanted = {c["case_id"]: recount_acts(world, c) | recount_words(world, c) for c in world.cases}
    assert found == wanted


@pytest.mark.parametrize("days", HORIZONS_DAYS)
@pytest.mark.parametrize("seed", range(6))
def test_duckdb_counts_the_same_outcomes(seed: int, days: int) -> None:
    world = random_world(seed, customers=2)
    cases, span = measure(world), f"interval {days} days"
    wanted = query(
        f"""
        with windows as (
            select case_id, customer_key, opened_at, landmark_at, landmark_at + {span} as ends_at,
                landmark_at + {span} <= '{UNTIL}'::timestamptz as is_message_known,
                opened_at >= '{EVENTS_FROM}'::timestamptz
                    and landmark_at + {span} <= '{EVENTS_UNTIL}'::timestamptz as is_known,
                exists (from events e where e.customer_id = customer_key and kind = 'cancellation'
                    and occurred_at between opened_at and landmark_at
                    and opened_at >= '{EVENTS_FROM}'::timestamptz) as has_left
            from cases where customer_key is not null
        ),
        bought as (
            select case_id,
                count(*) filter (kind in ('order', 'renewal', 'visit')) > 0 as came_back,
                count(*) filter (kind in ('order', 'renewal')) as purchases,
                coalesce(sum(amount::decimal(18, 2)), 0)::double as revenue,
                count(*) filter (kind = 'cancellation') > 0 as churned
            from windows join events on customer_id = customer_key and occurred_at > landmark_at
                and occurred_at <= ends_at
            group by all
        ),
        again as (
            select w.case_id, count(*) > 0 as complained
            from windows w join cases c on c.customer_key = w.customer_key and c.is_complaint
                and c.opened_at > w.landmark_at and c.opened_at <= w.ends_at
            group by all
        )
        select c.case_id,
            case when is_known and not has_left then coalesce(came_back, false) end,
            case when is_known and not has_left then coalesce(purchases, 0) end,
            case when is_known and not has_left then coalesce(revenue, 0) end,
            case when is_known and not has_left then coalesce(churned, false) end,
            case when is_message_known and not has_left then coalesce(complained, false) end
        from cases c left join windows using (case_id) left join bought using (case_id)
            left join again using (case_id)
        order by c.case_id
        """,
        cases=cases,
        events=world.batches()[2],
    )
    names = ("came_back", "purchases", "revenue", "churned", "complained_again")
    found = cases.sort_by("case_id").select(["case_id", *(f"{name}_{days}" for name in names)]).to_pylist()
    assert [tuple(row.values()) for row in found] == wanted


@pytest.mark.parametrize(
    ("at", "is_counted"),
    [(100, False), (114, False), (114.001, True), (144, True), (144.001, False)],
    ids=["opening", "landmark", "after landmark", "end", "after end"],
)
def test_a_window_is_open_at_the_landmark_and_closed_at_its_end(at: float, is_counted: bool) -> None:
    found = outcomes(one_case([("order", at)]))["c"]
    assert (found["came_back_30"], found["purchases_30"], found["revenue_30"]) == (
        (True, 1, 10.0) if is_counted else (False, 0, 0.0)
    )


def test_a_visit_is_a_return_and_no_purchase_and_a_cancellation_is_churn() -> None:
    found = outcomes(one_case([("visit", 120), ("cancellation", 121)]))["c"]
    assert (found["came_back_30"], found["purchases_30"], found["churned_30"]) == (True, 0, True)


@pytest.mark.parametrize(("at", "has_left"), [(99.999, False), (100, True), (114, True), (114.001, False)])
def test_who_left_before_the_landmark_is_in_no_outcome(at: float, has_left: bool) -> None:
    found = outcomes(one_case([("cancellation", at), ("order", 130)]))["c"]
    assert found["left_before_landmark"] is has_left
    over = [found[f"{name}_30"] for name in ("came_back", "purchases", "revenue", "churned", "complained_again")]
    assert over == [None] * 5 if has_left else None not in over


def test_without_an_events_export_nothing_is_known_of_events_and_nothing_is_zero() -> None:
    found = outcomes(one_case(), has_events=False)["c"]
    assert {name for name, value in found.items() if value is not None} == {
        *(f"complained_again_{days}" for days in HORIZONS_DAYS)
    }


def test_a_customer_without_any_event_did_not_come_back() -> None:
    found = outcomes(one_case())["c"]
    assert (found["came_back_180"], found["purchases_180"], found["revenue_180"]) == (False, 0, 0.0)
    assert (found["left_before_landmark"], found["churned_30"]) == (False, False)


@pytest.mark.parametrize(
    ("until", "known"),
    [(144, True), (143.999, False)],
)
def test_a_horizon_counts_when_it_is_over(until: float, known: bool) -> None:
    world = one_case([("order", 120)])
    found = outcomes(world, events_until=day(until), messages_until=day(until))["c"]
    assert found["came_back_30"] is (True if known else None)
    assert found["complained_again_30"] is (False if known else None)
    assert found["came_back_90"] is None


def test_the_export_must_reach_back_to_the_opening() -> None:
    world = one_case([("order", 120)])
    assert outcomes(world, events_from=day(100))["c"]["came_back_30"] is True
    assert outcomes(world, events_from=day(100.001))["c"]["came_back_30"] is None
    assert outcomes(world, events_from=day(10))["c"]["purchases_before_90"] == 0
    assert outcomes(world, events_from=day(10.001))["c"]["purchases_before_90"] is None


def test_leaving_is_known_at_once_and_staying_at_the_landmark() -> None:
    early = {"events_until": day(110)}
    assert outcomes(one_case([("cancellation", 105)]), **early)["c"]["left_before_landmark"] is True
    assert outcomes(one_case(), **early)["c"]["left_before_landmark"] is None


def test_the_placebo_looks_back_from_before_the_opening() -> None:
    events = [("order", 9.999), ("order", 10), ("renewal", 99.999), ("order", 100), ("visit", 50)]
    assert outcomes(one_case(events), events_from=day(0))["c"]["purchases_before_90"] == 2


def test_money_adds_up_to_the_cent() -> None:
    world = one_case([("order", 120), ("order", 121), ("order", 122)])
    for event, amount in zip(world.events, (0.1, 0.2, -0.05), strict=True):
        event["amount"] = amount
    assert outcomes(world)["c"]["revenue_30"] == 0.25


@pytest.mark.parametrize("amount", [float("nan"), float("inf"), 1e15])
def test_an_amount_that_is_no_money_is_refused(amount: float) -> None:
    world = one_case([("order", 120)])
    world.events[0]["amount"] = amount
    with pytest.raises(InputError, match=r"events, column amount: the values are not numbers that add up to less"):
        measure(world)


def test_an_event_that_two_exports_hold_counts_once() -> None:
    world = one_case([("order", 120), ("order", 121)])
    world.events += [dict(world.events[0]), world.events[1] | {"amount": 4.0}]
    found = outcomes(world)["c"]
    assert (found["purchases_30"], found["revenue_30"]) == (3, 24.0)


def test_words_count_after_the_first_reply_in_any_case() -> None:
    world = one_case(first_reply_at=day(101))
    world.moments += [
        moment("a", day(101), "c", "neutral", "at reply", signals=["churn_intent"]),
        moment("a", day(150), "later", "amazement", "later", signals=["advocacy"]),
        moment("b", day(150), "c", "amazement", "other", signals=["return_intent"]),
    ]
    found = outcomes(world)["c"]
    assert [found[name] for name in ("return_intent", "advocacy", "churn_intent")] == [False, True, False]
    world.cases[0]["first_reply_at"] = None
    assert outcomes(world)["c"]["advocacy"] is None


def test_words_count_from_the_instant_of_the_reply_to_the_end_of_180_days() -> None:
    reply = day(101) + TICK
    world = one_case(first_reply_at=reply)
    world.moments += [
        moment("a", reply, "c", "neutral", "1", signals=["churn_intent"]),
        moment("a", reply + 180 * DAY, "c", "amazement", "2", signals=["advocacy"]),
        moment("a", reply + 180 * DAY + TICK, "c", "amazement", "3", signals=["return_intent"]),
    ]
    found = outcomes(world)["c"]
    assert [found[name] for name in ("return_intent", "advocacy", "churn_intent")] == [False, True, False]


def test_a_model_without_signals_leaves_the_words_unknown() -> None:
    world = one_case(first_reply_at=day(101))
    world.moments += [moment("a", day(150), "c", "amazement", "1", signals=None)]
    assert outcomes(world)["c"]["advocacy"] is None
    world.moments += [moment("a", day(160), "c", "amazement", "2", signals=[])]
    assert outcomes(world)["c"]["advocacy"] is False


def test_the_last_csat_of_the_case_and_the_first_nps_after_it_count() -> None:
    world = one_case()
    answers = [
        ("csat", "c", 101, 1.0),
        ("csat", "c", 103, 4.0),
        ("csat", "d", 104, 5.0),
        ("csat", None, 105, 2.0),
    ]
    answers += [("nps", None, 114, 1.0), ("nps", "d", 115, 9.0), ("nps", None, 116, 10.0)]
    world.surveys += [
        {"customer_id": "a", "kind": kind, "conversation_id": about, "answered_at": day(at), "score": score}
        for kind, about, at, score in answers
    ]
    world.surveys.append(world.surveys[1] | {"customer_id": "b", "answered_at": day(110), "score": 2.0})
    found = outcomes(world)["c"]
    assert (found["csat"], found["nps"]) == (4.0, 9.0)


def test_a_case_without_a_customer_has_no_outcomes() -> None:
    world = random_world(11)
    for one in world.cases:
        one["customer_key"] = None
    assert {value for row in outcomes(world).values() for value in row.values()} == {None}


def test_empty_batches_and_slices() -> None:
    assert measure(World([], [], [], [], [])).num_rows == 0
    built, moments, events, surveys, profiles = random_world(8).batches()
    history = follow_history(built, profiles, policy=POLICY)
    spans = {"messages_until": UNTIL, "events_from": EVENTS_FROM, "events_until": EVENTS_UNTIL}

    def copy(batch: pa.RecordBatch) -> pa.RecordBatch:
        return pa.RecordBatch.from_pylist(batch.to_pylist(), schema=batch.schema)

    slices = [batch.slice(1) for batch in (history, events, surveys, moments)]
    assert slices[0].num_rows
    sliced = measure_outcomes(*slices, **spans)
    assert sliced.to_pylist() == measure_outcomes(*map(copy, slices), **spans).to_pylist()

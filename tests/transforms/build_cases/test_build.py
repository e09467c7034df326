from datetime import UTC, date, datetime, timedelta
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.cases import BUILT_CASES
from schemas.errors import UsageError
from schemas.messages import MESSAGES
from schemas.policy import Policy, Schedule, Target
from tests.transforms.build_cases.worlds import CHANGES_SCHEMA, random_world
from transforms.build_cases import BuildCases, build_cases

MONDAY = datetime(2024, 5, 6, 9, tzinfo=UTC)  # the default schedule opens
RUN_AT = datetime(2024, 6, 1, tzinfo=UTC)
NO_CHANGES = pa.RecordBatch.from_pylist([], schema=CHANGES_SCHEMA)
HOUR, DAY = 60, 24 * 60


def message(minutes: float, role: str, *labels: str, **columns: Any) -> dict[str, Any]:
    """A message so many minutes after the opening: a customer's with its state, an agent's with its steps."""
    row: dict[str, Any] = {"case_id": "c", "role": role, "sent_at": MONDAY + timedelta(minutes=minutes)}
    if role == "customer" and labels:
        row["state"] = labels[0]
    if role == "agent":
        row["steps"] = list(labels)
    return row | columns


def change(minutes: float, field: str, value: str | None) -> dict[str, Any]:
    return {
        "case_id": "c",
        "changed_at": MONDAY + timedelta(minutes=minutes),
        "field": field,
        "value": value,
    }


def build(
    rows: list[dict[str, Any]],
    changes: list[dict[str, Any]] | None = None,
    *,
    policy: Policy | None = None,
    always: bool = False,
) -> dict[str, Any]:
    numbered = [{"message_id": f"m{number}"} | row for number, row in enumerate(rows)]
    built = build_cases(
        pa.RecordBatch.from_pylist(numbered, schema=MESSAGES.schema),
        pa.RecordBatch.from_pylist(changes or [], schema=CHANGES_SCHEMA),
        policy=policy or Policy(),
        every_case_is_a_complaint=always,
        run_at=RUN_AT,
    )
    assert built.num_rows == 1
    return built.to_pylist()[0]


ASK = message(0, "customer", "uncertainty")
FULL = ("acknowledge", "apologise", "fix", "attitude")
PENDING_TARGETS = (Target(date(2024, 5, 6), None, 2 * 3600, 48 * 3600),)

CASES: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, Any]]] = {
    "a note, an automatic message and a second text are no reply of their own": (
        [
            ASK,
            message(5, "system"),
            message(10, "internal"),
            message(30, "agent", "acknowledge"),
            message(31, "internal"),
            message(32, "agent", "fix"),
            message(90, "customer", "neutral"),
            message(95, "agent", "attitude"),
        ],
        [],
        {
            "first_reply_seconds": 1800,
            "replies": 2,
            "agent_messages": 3,
            "internal_notes": 2,
            "fix_seconds": 1920,
            "attitude_seconds": 5700,
            "urgent_by_clock": True,
            "urgent_by_words": False,
            "recovery_grade": "full",
        },
    ),
    "nobody answered": (
        [ASK, message(59, "customer"), message(60, "customer"), message(200, "customer")],
        [],
        {
            "first_reply_seconds": None,
            "first_reply_business_seconds": None,
            "urgent_by_clock": None,
            "steps": [],
            "recovery_grade": "none",
            "replies": 0,
            "repeated_contacts": 2,
            "resolved_at": None,
            "validity": "unknown",
        },
    ),
    "opened by an agent: the first reply is not owed": (
        [
            message(0, "agent", "apologise"),
            message(10, "customer", "uncertainty"),
            message(20, "agent", "fix"),
        ],
        [],
        {
            "opened_by": "agent",
            "first_reply_seconds": None,
            "urgent_by_clock": None,
            "steps": ["fix"],
            "apologise_seconds": None,
            "fix_seconds": 600,
            "replies": 1,
            "recovery_grade": "partial",
        },
    ),
    "nothing but a note": (
        [message(0, "internal")],
        [],
        {"opened_by": "agent", "is_complaint": False, "steps": [], "recovery_grade": None, "signals": None},
    ),
    "replies that nobody could read": (
        [ASK, message(10, "agent", steps=None)],
        [],
        {"steps": None, "urgent_by_words": None, "recovery_grade": None, "first_reply_seconds": 600},
    ),
    "one of two replies could be read": (
        [ASK, message(10, "agent", steps=None), message(20, "agent", "fix")],
        [],
        {"steps": ["fix"], "recovery_grade": "partial"},
    ),
    "a response outside of the export": (
        [ASK | {"company_response": "Closed with relief", "timely": True, "disputed": False}],
        [],
        {
            "steps": None,
            "recovery_grade": None,
            "first_reply_seconds": None,
            "company_response": "Closed with relief",
            "timely": True,
            "disputed": False,
        },
    ),
    "what comes after the window does not count for the grade, but has its delay": (
        [ASK, message(14 * DAY, "agent", "acknowledge"), message(14 * DAY + 1, "agent", *FULL)],
        [],
        {"steps": ["acknowledge"], "recovery_grade": "none", "fix_seconds": 14 * 86_400 + 60},
    ),
    "a fix with words of urgency": (
        [ASK, message(2 * DAY, "agent", "fix", "acknowledge", "attitude", "urgency")],
        [],
        {"urgent_by_words": True, "urgent_by_clock": False, "recovery_grade": "full"},
    ),
    "no fix and one kind word in time": (
        [ASK, message(60, "agent", "apologise")],
        [],
        {"urgent_by_clock": True, "recovery_grade": "partial"},
    ),
    "solved, reopened, solved twice": (
        [ASK],
        [
            change(10, "status", "solved"),
            change(20, "status", "open"),
            change(30, "status", "pending"),
            change(40, "status", "solved"),
            change(50, "status", "solved"),
        ],
        {"status": "solved", "reopenings": 1, "resolution_seconds": 2400, "resolved_by": "export"},
    ),
    "solved by the history, reopened by a message": (
        [ASK | {"status": "open"}, message(30, "customer", "uncertainty", status="open")],
        [change(20, "status", "solved"), change(25, "status", None)],
        {"status": "open", "reopenings": 1, "resolved_at": None, "perception_gap": False},
    ),
    "at the same time the change follows the message, and solved comes last": (
        [ASK | {"status": "open"}],
        [change(0, "status", "solved"), change(0, "status", "pending")],
        {"status": "solved", "reopenings": 0, "resolution_seconds": 0, "perception_gap": True},
    ),
    "a change of after the run is not known yet": (
        [ASK | {"status": "open"}],
        [change(60 * DAY, "status", "solved"), change(60 * DAY, "team", "night")],
        {"status": "open", "resolved_at": None, "team": None},
    ),
    "without a status the last fix that satisfied is the end": (
        [
            ASK,
            message(10, "agent", "fix"),
            message(20, "customer", "uncertainty"),
            message(30, "agent", "fix"),
            message(40, "customer", "amazement"),
        ],
        [],
        {"status": None, "reopenings": None, "resolution_seconds": 1800, "resolved_by": "text"},
    ),
    "without a status a customer who is still in uncertainty has no end": (
        [ASK, message(10, "agent", "fix"), message(20, "customer", "uncertainty")],
        [],
        {"resolved_at": None, "resolved_by": None, "state_close": "uncertainty", "perception_gap": None},
    ),
    "solved before the customer wrote": (
        [message(0, "agent", status="solved"), message(60, "customer", "neutral")],
        [],
        {"resolved_at": MONDAY, "resolution_seconds": None, "resolution_business_seconds": None},
    ),
    "hand-offs by the assignee's history": (
        [ASK, message(1, "agent", agent_key="x"), message(2, "agent", agent_key="y")],
        [
            change(0, "assignee", "a"),
            change(1, "assignee", None),
            change(2, "assignee", "a"),
            change(3, "assignee", "b"),
            change(4, "assignee", "a"),
        ],
        {"hand_offs": 2},
    ),
    "hand-offs by who writes": (
        [
            ASK,
            message(1, "agent", agent_key="x"),
            message(2, "agent"),
            message(3, "internal", agent_key="z"),
            message(4, "agent", agent_key="y"),
            message(5, "agent", agent_key="y"),
        ],
        [],
        {"hand_offs": 1},
    ),
    "the priority of the opening and the last team": (
        [
            ASK | {"priority": "low", "team": "north", "severity": "low"},
            message(9, "agent", priority="high", team="south", severity="high"),
        ],
        [change(0, "priority", "mid"), change(9, "team", "west"), change(10, "team", None)],
        {"priority": "mid", "team": "west", "severity": "low"},
    ),
    "a priority that came later is not that of the opening": (
        [ASK, message(1, "customer", priority="high")],
        [change(1, "priority", "high")],
        {"priority": None},
    ),
    "whose case it is": (
        [
            message(0, "agent", customer_key="for", channel="chat"),
            message(1, "customer", channel="email", lang=None),
            message(2, "customer", customer_key="author", lang="nl", channel="chat"),
        ],
        [],
        {"customer_key": "author", "channel": "chat", "channels": ["chat", "email"], "lang": "nl"},
    ),
    "states, scores and signals": (
        [
            message(
                0,
                "customer",
                "uncertainty",
                sentiment="negative",
                signals=["churn_intent"],
                state_probabilities={"uncertainty": 0.9, "neutral": 0.1, "amazement": 0.0},
                needs_review=False,
            ),
            message(
                9,
                "customer",
                "amazement",
                sentiment="positive",
                signals=["advocacy", "always_positive"],
                state_probabilities={"uncertainty": 0.2, "neutral": 0.1, "amazement": 0.7},
                needs_review=True,
            ),
            message(10, "customer", "neutral", sentiment="neutral", signals=[]),
            message(11, "internal", signals=["return_intent"], state="uncertainty"),
        ],
        [],
        {
            "state_open": "uncertainty",
            "state_close": "amazement",
            "sentiment_open": "negative",
            "sentiment_close": "neutral",
            "experience_score": 0.5,
            "signals": ["always_positive", "churn_intent", "advocacy"],
            "needs_review": True,
            "complained_at": MONDAY,
        },
    ),
    "refused": ([ASK, message(1, "agent", "refuse", "explain")], [], {"validity": "refused"}),
    "explained, with something offered": (
        [ASK, message(1, "agent", "refuse", "explain", "offer")],
        [],
        {"validity": "explained", "concrete_seconds": 60},
    ),
    "upheld": ([ASK, message(1, "agent", "refuse", "explain", "fix")], [], {"validity": "upheld"}),
    "the export's validity goes first, and its last": (
        [ASK | {"validity": "upheld"}, message(1, "agent", "fix", validity="refused")],
        [],
        {"validity": "refused"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_case_reads(name: str) -> None:
    rows, changes, expected = CASES[name]
    built = build(rows, changes)
    assert {column: built[column] for column in expected} == expected


def test_where_every_case_is_a_complaint_the_opening_is_the_complaint() -> None:
    built = build([message(0, "customer", "neutral")], always=True)
    assert (built["is_complaint"], built["complained_at"], built["recovery_grade"]) == (True, MONDAY, "none")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([ASK, message(2 * HOUR, "agent")], {"first_reply_breached": False, "resolution_breached": True}),
        ([ASK, message(2 * HOUR + 1, "agent")], {"first_reply_breached": True}),
        ([ASK], {"first_reply_breached": True, "resolution_due_at": MONDAY + timedelta(days=2)}),
        (
            [message(25 * DAY + 14 * HOUR, "customer")],
            {"first_reply_breached": False},
        ),  # an hour before the run
        ([message(0, "agent"), message(1, "customer")], {"first_reply_breached": None}),
        ([message(0, "agent")], {"first_reply_breached": None, "resolution_due_at": None}),
        (
            [ASK | {"company_response": "closed"}],
            {"first_reply_breached": None, "resolution_breached": None, "target_clock": "calendar"},
        ),
        (
            [ASK, message(DAY, "customer", status="solved")],
            {"first_reply_breached": True, "resolution_breached": False},
        ),
        (
            [message(-DAY, "customer")],  # before any target
            {"target_clock": None, "first_reply_breached": None, "resolution_breached": None},
        ),
    ],
)
def test_a_target_is_kept_broken_or_overdue(rows: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    built = build(rows, policy=Policy(targets=PENDING_TARGETS))
    assert {column: built[column] for column in expected} == expected


@pytest.mark.parametrize(
    ("opened", "priority", "seconds"),
    [
        (datetime(2024, 4, 30, 21, 59, tzinfo=UTC), None, 100),  # still April in Berlin
        (datetime(2024, 4, 30, 22, 0, tzinfo=UTC), None, 200),
        (datetime(2024, 5, 2, tzinfo=UTC), "high", 300),
        (datetime(2024, 5, 31, tzinfo=UTC), "high", 300),  # the special one goes before a later general one
        (datetime(2024, 5, 31, tzinfo=UTC), "low", 400),
        (datetime(2023, 12, 31, tzinfo=UTC), "high", None),
    ],
)
def test_the_target_in_force_at_the_opening_counts(opened: datetime, priority: str | None, seconds: int | None) -> None:
    targets = (
        Target(date(2024, 5, 20), None, 400),
        Target(date(2024, 1, 1), None, 100),
        Target(date(2024, 5, 1), None, 200),
        Target(date(2024, 5, 1), "high", 300),
    )
    policy = Policy(schedule=Schedule(zone="Europe/Berlin"), targets=targets)
    built = build([message(0, "customer", sent_at=opened, priority=priority)], policy=policy)
    assert built["target_first_reply_seconds"] == seconds
    assert built["target_resolution_seconds"] is None


def test_a_business_target_ends_in_business_time() -> None:
    policy = Policy(targets=(Target(date(2024, 1, 1), None, None, 16 * 3600, "business"),))
    built = build([message(-30, "customer"), message(3 * DAY, "agent", status="solved")], policy=policy)
    assert built["resolution_due_at"] == datetime(2024, 5, 7, 17, tzinfo=UTC)
    assert (built["resolution_business_seconds"], built["resolution_breached"]) == (24 * 3600, True)


def _rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    return batch.to_pylist()


def _build(messages: pa.RecordBatch, changes: pa.RecordBatch) -> pa.RecordBatch:
    policy = Policy(targets=PENDING_TARGETS)
    return build_cases(messages, changes, policy=policy, every_case_is_a_complaint=False, run_at=RUN_AT)


def test_no_messages_give_no_cases_in_the_contracts_columns() -> None:
    assert _build(MESSAGES.empty(), NO_CHANGES).equals(BUILT_CASES.empty(), check_metadata=True)


def test_the_columns_are_the_contracts() -> None:
    built = _build(*random_world(3, 50))
    assert built.schema.equals(BUILT_CASES.schema, check_metadata=True)
    built.validate(full=True)
    assert not [field.name for field in built.schema if not field.nullable and built[field.name].null_count]


def test_a_message_of_which_nothing_is_known_makes_a_case() -> None:
    built = build([message(0, "customer")])
    required = {field.name for field in BUILT_CASES.schema if not field.nullable}
    known = {name for name, value in built.items() if value is not None}
    assert known == {*required, "steps", "urgent_by_words"}


def test_slices_read_as_copies_do() -> None:
    messages, changes = random_world(5, 60)
    ends = np.flatnonzero(pc.not_equal(messages["case_id"][1:], messages["case_id"][:-1])) + 1
    first, last = int(ends[9]), int(ends[39])
    part = messages.slice(first, last - first)
    copy = pa.RecordBatch.from_pylist(part.to_pylist(), schema=MESSAGES.schema)
    some = changes.slice(3, changes.num_rows - 7)
    copied = pa.RecordBatch.from_pylist(some.to_pylist(), schema=CHANGES_SCHEMA)
    assert _rows(_build(part, some)) == _rows(_build(copy, copied))
    assert _build(part, some).num_rows == 30


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_shuffled_rows_give_the_same_cases(seed: int) -> None:
    messages, changes = random_world(seed, 12)
    rng = np.random.default_rng(seed)
    shuffled = [batch.take(pa.array(rng.permutation(batch.num_rows))) for batch in (messages, changes)]
    assert _build(*shuffled).equals(_build(messages, changes))


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 3), min_size=12, max_size=12))
def test_other_shards_give_the_same_cases(seed: int, shards: list[int]) -> None:
    messages, changes = random_world(seed, 12)
    case_ids = pc.unique(messages["case_id"])
    built = []
    for shard in set(shards):
        own = case_ids.filter(pa.array([place == shard for place in shards]))
        built += _rows(_build(messages.filter(pc.is_in(messages["case_id"], own)), changes))
    assert sorted(built, key=lambda row: row["case_id"]) == _rows(_build(messages, changes))


def test_the_transform_builds_each_shard() -> None:
    worlds = {shard: random_world(shard, 20) for shard in (1, 2)}
    expected = [_build(*world).to_pylist() for world in worlds.values()]
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        cases = (
            pipeline
            | beam.Create(list(worlds.items()))
            | BuildCases(Policy(targets=PENDING_TARGETS), every_case_is_a_complaint=False, run_at=RUN_AT)
        )
        assert cases.element_type is pa.RecordBatch
        assert_that(cases | beam.Map(lambda batch: batch.to_pylist()), equal_to(expected))


TWICE = Target(date(2024, 5, 1), "high", 60)


@pytest.mark.parametrize(
    ("policy", "run_at", "message"),
    [
        (Policy(), datetime(2024, 6, 1), "run_at is 2024-06-01 00:00:00; it must carry its zone"),
        (Policy(schedule=Schedule(zone="nowhere")), RUN_AT, "'nowhere' is not an IANA time zone"),
        (
            Policy(targets=(TWICE, TWICE)),
            RUN_AT,
            "the target for priority 'high' from 2024-05-01 is given twice; keep one of them",
        ),
        (
            Policy(targets=(Target(date(2024, 5, 1), None, -1),)),
            RUN_AT,
            "the general target from 2024-05-01 has -1 seconds; it must be 0 or more",
        ),
    ],
)
def test_a_transform_that_cannot_work_is_refused(policy: Policy, run_at: datetime, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        BuildCases(policy, every_case_is_a_complaint=False, run_at=run_at)

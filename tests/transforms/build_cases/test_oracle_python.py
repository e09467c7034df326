"""Every column of the cases against one case told again in plain Python."""

from collections import Counter
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from schemas.cases import BUILT_CASES, GRADES
from schemas.policy import WEEKDAYS, Policy, Schedule, Target
from tests.transforms.build_cases.retell import retell_cases
from tests.transforms.build_cases.worlds import random_world
from transforms.build_cases import build_cases

RUN_AT = datetime(2024, 5, 20, tzinfo=UTC)
SPLIT_DAYS = tuple((day, ((time(8), time(12)), (time(13), time(17, 30)))) for day in WEEKDAYS[:4])
POLICIES = {
    "defaults": Policy(),
    "business targets in Berlin": Policy(
        recovery_window_days=7,
        urgent_reply_seconds=7200,
        schedule=Schedule("Europe/Berlin", (*SPLIT_DAYS, ("sat", ((time(22), time(0)),))), "DE-BY"),
        targets=(
            Target(date(2024, 3, 1), None, 4 * 3600, 3 * 86_400, "business"),
            Target(date(2024, 4, 1), None, 2 * 3600, None, "business"),
            Target(date(2024, 3, 10), "high", None, 8 * 3600, "calendar"),
            Target(date(2024, 4, 10), "high", 600, 40 * 3600, "business"),
        ),
    ),
    "calendar targets in New York": Policy(
        recovery_window_days=30,
        schedule=Schedule("America/New_York", holidays="US"),
        targets=(
            Target(date(2024, 3, 9), None, 86_400, 30 * 86_400),
            Target(date(2024, 1, 1), "low", 0, 0, "business"),
        ),
    ),
}


def _plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            name: round(value, 4) if name == "experience_score" and value is not None else value
            for name, value in row.items()
        }
        for row in rows
    ]


@pytest.mark.parametrize("always", [False, True])
@pytest.mark.parametrize("name", POLICIES)
def test_every_column_is_what_a_plain_reading_of_the_case_gives(name: str, always: bool) -> None:
    messages, changes = random_world(seed=len(name), cases=250)
    built = build_cases(messages, changes, policy=POLICIES[name], every_case_is_a_complaint=always, run_at=RUN_AT)
    told = retell_cases(messages.to_pylist(), changes.to_pylist(), POLICIES[name], always=always, run_at=RUN_AT)
    assert set(told[0]) == set(BUILT_CASES.schema.names)
    for ours, theirs in zip(_plain(built.to_pylist()), _plain(told), strict=True):
        assert ours == {column: theirs[column] for column in ours}


def test_the_random_world_reaches_every_branch() -> None:
    messages, changes = random_world(seed=1, cases=600)
    policy = POLICIES["business targets in Berlin"]
    built = build_cases(messages, changes, policy=policy, every_case_is_a_complaint=False, run_at=RUN_AT)
    for column in built.schema:
        values = built.column(column.name)
        if column.nullable:
            assert 0 < values.null_count < len(values), column.name
    seen = {
        name: Counter(built.column(name).to_pylist())
        for name in built.schema.names
        if name != "channels" and name not in ("steps", "signals")
    }
    assert set(seen["recovery_grade"]) == {*GRADES, None}
    assert set(seen["validity"]) == {"upheld", "explained", "refused", "unknown"}
    assert set(seen["resolved_by"]) == {"export", "text", None}
    assert set(seen["opened_by"]) == {"customer", "agent", "system"}
    assert set(seen["target_clock"]) == {"calendar", "business", None}
    for flag in ("first_reply_breached", "resolution_breached", "perception_gap", "urgent_by_clock"):
        assert set(seen[flag]) == {True, False, None}
    assert max(seen["reopenings"].keys() - {None}) > 1
    assert max(seen["hand_offs"]) > 1
    assert max(seen["repeated_contacts"]) > 1

import json
from collections import defaultdict
from pathlib import Path

import pytest

from demo.grade_recovery import FULL, NONE, PARTIAL, grade_recovery
from demo.load_scripts import Scripts
from demo.read_conversations import FOLDER, LANGS, read_conversations
from demo.tell_truth import DemoTruth
from schemas.labels import STATES
from tests.demo.scan import scan_messages
from training.split import is_validation

TRAINING = Path(__file__).parents[2] / "training" / "conversations"


def test_the_scripts_are_just_what_the_model_was_not_trained_on() -> None:
    held_out = {
        line
        for path in TRAINING.glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").strip().split("\n")
        if is_validation(json.loads(line)["id"])
    }
    ours = {
        line for lang in LANGS for line in (FOLDER / f"{lang}.jsonl").read_text(encoding="utf-8").strip().split("\n")
    }
    assert ours == held_out
    assert len(ours) == len(read_conversations()) == 308


def test_each_industry_has_one_touchpoint() -> None:
    touchpoints = json.loads((FOLDER / "touchpoints.json").read_text(encoding="utf-8"))
    industries = [industry for names in touchpoints.values() for industry in names]
    assert len(industries) == len(set(industries))
    assert {talk["industry"] for talk in read_conversations()} == set(industries)


def test_each_grade_can_be_played_in_each_language(scripts: Scripts) -> None:
    sizes = {key: len(plays.script) for key, plays in scripts.complaints.items()}
    assert len(sizes) == 9
    assert min(sizes.values()) >= 11
    assert min(len(talks) for talks in scripts.talks.values()) >= 40


@pytest.mark.parametrize(
    ("steps", "is_fast", "grade"),
    [
        ("fix acknowledge apologise attitude", False, FULL),
        ("fix acknowledge apologise urgency", False, FULL),
        ("fix acknowledge apologise", True, FULL),
        ("fix acknowledge urgency", True, PARTIAL),
        ("fix acknowledge apologise", False, PARTIAL),
        ("fix", False, PARTIAL),
        ("acknowledge apologise", False, PARTIAL),
        ("acknowledge", True, PARTIAL),
        ("acknowledge", False, NONE),
        ("refuse explain offer", True, NONE),
        ("", True, NONE),
    ],
)
def test_the_rule_of_grades(steps: str, is_fast: bool, grade: int) -> None:
    assert grade_recovery(steps.split(), is_fast=is_fast) == grade


def test_every_message_is_a_line_of_its_script_and_true_states_are_its_labels(
    written: tuple[Path, DemoTruth], truth_cases: dict[str, dict[str, str | None]]
) -> None:
    folder, truth = written
    scripts = {talk["id"]: talk["messages"] for talk in read_conversations()}
    automatic = json.loads((FOLDER / "automatic.json").read_text(encoding="utf-8"))
    machine_texts = {text for texts in automatic.values() for text in texts.values()}
    states: dict[str, int] = defaultdict(int)
    for row in scan_messages(folder):
        case_id, _, turn = str(row["message_id"]).rpartition("-")
        assert case_id == row["conversation_id"]
        if row["role"] in ("system", "internal"):
            assert row["text"] in machine_texts
            continue
        message = scripts[str(truth_cases[case_id]["script_id"])][int(turn) - 1]
        assert (row["role"], row["text"]) == (message["role"], message["text"])
        if row["role"] == "customer":
            states[message["state"]] += 1
    assert states == truth.states
    assert set(states) == set(STATES)


def test_cases_are_complaints_where_a_customer_is_in_uncertainty(
    truth_cases: dict[str, dict[str, str | None]],
) -> None:
    scripts = {talk["id"]: talk["messages"] for talk in read_conversations()}
    for case in truth_cases.values():
        states = [message.get("state") for message in scripts[str(case["script_id"])]]
        assert (case["is_complaint"] == "true") == ("uncertainty" in states)
        assert (case["recovery_grade"] is None) == (case["is_complaint"] == "false")

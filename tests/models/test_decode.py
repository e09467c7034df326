import numpy as np
import pyarrow as pa
import pytest

from models.decode import certainty, decode_labels
from models.manifest import HeadSpec
from schemas.labels import LABELS, SENTIMENTS, SIGNALS, STATES, STEPS

HEADS = (
    HeadSpec("sentiment", SENTIMENTS, is_multi=False),
    HeadSpec("state", STATES, is_multi=False),
    HeadSpec("signals", SIGNALS, is_multi=True, thresholds=(0.5, 0.5, 0.5, 0.3, 0.5)),
    HeadSpec("steps", STEPS, is_multi=True, thresholds=(0.5,) * 8),
)


def decode(roles: list[str | None], heads: tuple[HeadSpec, ...] = HEADS, **changed: list[float]) -> pa.RecordBatch:
    figures = {
        "sentiment": [0.7, 0.2, 0.1],
        "state": [0.6, 0.3, 0.1],
        "signals": [0.01, 0.02, 0.03, 0.35, 0.9],
        "steps": [0.9, 0.8, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2],
    } | changed
    rows = {name: np.array([values] * len(roles)).reshape(-1, len(values)) for name, values in figures.items()}
    return decode_labels(pa.array(roles, pa.string()), rows, heads, {"customer": 0.5, "agent": 0.85}, "rev")


def test_each_role_gets_its_own_heads() -> None:
    customer, agent, other = decode(["customer", "agent", None]).to_pylist()
    assert (customer["sentiment"], customer["state"]) == ("negative", "uncertainty")
    assert customer["signals"] == ["advocacy", "repeat_failure"]
    assert customer["steps"] is None
    assert customer["step_probabilities"] is None
    assert agent["steps"] == ["acknowledge", "apologise"]
    assert agent["state"] is None
    assert agent["signals"] is None
    assert set(other.values()) == {None}


def test_columns_types_and_notes_are_the_contract() -> None:
    assert decode(["customer"]).schema.equals(pa.schema(LABELS), check_metadata=True)
    assert decode([]).num_rows == 0


def test_confidence_is_the_least_certain_decision() -> None:
    customer, agent = decode(["customer", "agent"]).to_pylist()
    assert customer["confidence"] == pytest.approx(0.35)  # advocacy is given at 0.35
    assert customer["needs_review"]
    assert agent["confidence"] == pytest.approx(0.8)
    assert agent["needs_review"]
    assert not decode(["agent"], steps=[0.95] + [0.05] * 7)["needs_review"][0].as_py()


def test_labels_follow_from_the_rounded_figures_that_are_stored() -> None:
    row = decode(["customer"], signals=[0.49996, 0.49994, 0, 0, 0]).to_pylist()[0]
    assert row["signals"] == ["always_positive"]
    assert row["signal_probabilities"]["always_positive"] == 0.5
    assert row["signal_probabilities"]["churn_intent"] == pytest.approx(0.4999)


def test_a_tie_goes_to_the_first_label() -> None:
    assert decode(["customer"], state=[0.2, 0.4, 0.4])["state"].to_pylist() == ["neutral"]


def test_a_row_that_could_not_be_scored_is_marked_and_has_no_revision() -> None:
    nan = float("nan")
    row = decode(["customer"], sentiment=[nan] * 3, state=[nan] * 3, signals=[nan] * 5).to_pylist()[0]
    assert row["needs_review"] is True
    assert {value for name, value in row.items() if name != "needs_review"} == {None}


def test_heads_that_a_model_lacks_stay_null() -> None:
    row = decode(["customer"], heads=HEADS[:1]).to_pylist()[0]
    assert row["sentiment"] == "negative"
    assert row["state"] is None
    assert row["state_probabilities"] is None
    assert row["confidence"] == pytest.approx(0.7)


def test_certainty_of_withheld_labels_counts() -> None:
    head = HeadSpec("signals", ("a", "b"), is_multi=True, thresholds=(0.5, 0.5))
    assert certainty(head, np.array([[0.9, 0.45]], dtype=np.float32)).tolist() == pytest.approx([0.55])

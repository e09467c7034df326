"""LABELS: what the classifier adds to each message."""

import pyarrow as pa

from schemas.contract import column
from schemas.types import FLAG, SHARE, TEXT, TEXTS

SENTIMENTS = ("negative", "neutral", "positive")
STATES = ("uncertainty", "neutral", "amazement")
SIGNALS = ("always_positive", "churn_intent", "return_intent", "advocacy", "repeat_failure")
STEPS = ("acknowledge", "apologise", "fix", "attitude", "urgency", "refuse", "explain", "offer")
RECOVERY_STEPS = STEPS[:5]

_NOT_CUSTOMER = "not a customer's message, or no text"
_NOT_AGENT = "not an agent's message, or no text"
_NO_LABEL = "internal or automatic message, or no text"


def _shares(labels: tuple[str, ...]) -> pa.DataType:
    return pa.struct([pa.field(label, SHARE) for label in labels])


LABELS = (
    column("sentiment", TEXT, "Tone toward the company: negative, neutral or positive.", null=_NOT_CUSTOMER),
    column(
        "sentiment_probabilities",
        _shares(SENTIMENTS),
        "Calibrated probability of each sentiment.",
        unit="0 to 1",
        null=_NOT_CUSTOMER,
    ),
    column(
        "state",
        TEXT,
        "The customer's state at the end of the message: uncertainty, neutral or amazement.",
        null=_NOT_CUSTOMER,
    ),
    column(
        "state_probabilities",
        _shares(STATES),
        "Calibrated probability of each state.",
        unit="0 to 1",
        null=_NOT_CUSTOMER,
    ),
    column("signals", TEXTS, f"What else the customer shows, any of: {', '.join(SIGNALS)}.", null=_NOT_CUSTOMER),
    column(
        "signal_probabilities",
        _shares(SIGNALS),
        "Calibrated probability of each signal.",
        unit="0 to 1",
        null=_NOT_CUSTOMER,
    ),
    column("steps", TEXTS, f"Recovery steps that the reply shows, any of: {', '.join(STEPS)}.", null=_NOT_AGENT),
    column(
        "step_probabilities",
        _shares(STEPS),
        "Calibrated probability of each step.",
        unit="0 to 1",
        null=_NOT_AGENT,
    ),
    column(
        "confidence",
        SHARE,
        "Probability that the least certain label of the message is right.",
        unit="0 to 1",
        null=_NO_LABEL,
    ),
    column(
        "needs_review",
        FLAG,
        "Confidence is under the model's review threshold, or labelling failed.",
        null=_NO_LABEL,
    ),
    column("model_revision", TEXT, "Revision of the model that gave the labels.", null=_NO_LABEL),
)

"""CUSTOMERS: where each customer stands."""

from schemas.contract import Contract, column
from schemas.types import COUNT, FLAG, NUMBER, SHARE, TEXT, TEXTS, TIME

_NO_WORDS = "never wrote, or the model does not tell signals"
EXPERIENCE_GRADES = ("poor", "neutral", "good", "exceptional")
_NO_CASE = "no case has an experience score"

CUSTOMERS = Contract(
    name="customers",
    meaning="one customer who wrote, who has a case, or who is in the customers export",
    key=("customer_key",),
    version="1.0",
    columns=(
        column("customer_key", TEXT, "Pseudonym of the customer."),
        column("segment", TEXT, "The company's own segment.", null="the customers export does not say"),
        column(
            "since",
            TIME,
            "When the customer became one.",
            unit="UTC",
            null="the customers export does not say",
        ),
        column(
            "value",
            NUMBER,
            "What the customer is worth a year.",
            unit="the company's currency a year",
            null="the customers export does not say",
        ),
        column("state", TEXT, "State now: uncertainty or amazement. Every customer begins in uncertainty."),
        column(
            "state_since",
            TIME,
            "When that spell began.",
            unit="UTC",
            null="never wrote, and since is not known",
        ),
        column("first_message_at", TIME, "First message.", unit="UTC", null="never wrote"),
        column("last_message_at", TIME, "Last message.", unit="UTC", null="never wrote"),
        column("channels", TEXTS, "All channels on which the customer wrote, sorted."),
        column("cases", COUNT, "Cases.", unit="cases"),
        column("complaints", COUNT, "Cases that are complaints.", unit="cases"),
        column("complaints_upheld", COUNT, "Complaints with validity upheld.", unit="cases"),
        column("complaints_judged", COUNT, "Complaints whose validity is known.", unit="cases"),
        column("experiences", COUNT, "Cases with an experience score.", unit="cases"),
        column(
            "consistency_share",
            SHARE,
            "Share of the experiences that are above the company's average experience.",
            unit="0 to 1",
            null=_NO_CASE,
        ),
        column(
            "consistency_spread",
            NUMBER,
            "Standard deviation (population) of the experience scores.",
            unit="score, 0 to 1",
            null=_NO_CASE,
        ),
        column(
            "expected_score",
            NUMBER,
            "Exponentially weighted mean of the experience scores before the latest.",
            unit="-1 to 1",
            null="fewer than two experiences",
        ),
        column("latest_score", NUMBER, "Latest experience score.", unit="-1 to 1", null=_NO_CASE),
        column(
            "expectation_gap",
            NUMBER,
            "Latest less expected.",
            unit="-2 to 2",
            null="fewer than two experiences",
        ),
        column(
            "experience_grade",
            TEXT,
            "The gap as a grade: poor under -0.25, neutral to 0.25, good to 0.75, exceptional above.",
            null="fewer than two experiences",
        ),
        column("always_positive", FLAG, "Has said that the company is always good.", null=_NO_WORDS),
        column("advocacy", FLAG, "Has recommended the company.", null=_NO_WORDS),
        column("churn_intent", FLAG, "Has said that they leave, in the latest case.", null=_NO_WORDS),
        column(
            "messages",
            COUNT,
            "Messages in the customer's cases, the company's included: the cost to serve.",
            unit="messages",
        ),
        column(
            "agent_minutes",
            NUMBER,
            "Handling time of the customer's cases.",
            unit="minutes",
            null="the export does not say",
        ),
        column(
            "value_at_risk",
            NUMBER,
            "Expected loss of value while the customer stays in uncertainty.",
            unit="the company's currency a year",
            null="not computed yet",
        ),
    ),
)

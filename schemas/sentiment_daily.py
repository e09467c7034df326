"""SENTIMENT_DAILY: tone, state and backlog by day."""

from schemas.contract import Contract, column
from schemas.types import COUNT, DAY, TEXT

SENTIMENT_DAILY = Contract(
    name="sentiment_daily",
    meaning="day x channel x language with at least one message or open case",
    key=("day", "channel", "lang"),
    version="1.0",
    columns=(
        column("day", DAY, "Day (UTC)."),
        column("channel", TEXT, "Channel; `unknown` where it is not known."),
        column("lang", TEXT, "Language; `unknown` where it is not known."),
        column("customer_messages", COUNT, "Messages by customers that carry labels.", unit="messages"),
        column("negative", COUNT, "Of these, negative.", unit="messages"),
        column("neutral", COUNT, "Of these, neutral.", unit="messages"),
        column("positive", COUNT, "Of these, positive.", unit="messages"),
        column("in_uncertainty", COUNT, "Of these, in uncertainty.", unit="messages"),
        column("in_amazement", COUNT, "Of these, in amazement.", unit="messages"),
        column("agent_messages", COUNT, "Messages by agents.", unit="messages"),
        column("cases_opened", COUNT, "Cases opened on the day.", unit="cases"),
        column("cases_resolved", COUNT, "Cases resolved on the day.", unit="cases"),
        column(
            "backlog",
            COUNT,
            "Cases with a known status that are not resolved at the end of the day.",
            unit="cases",
        ),
        column("backlog_in_arrears", COUNT, "Of these, past their resolution target.", unit="cases"),
    ),
)

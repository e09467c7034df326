"""JOURNEYS: the customer's spells of uncertainty and amazement."""

from schemas.contract import Contract, column
from schemas.types import COUNT, FLAG, NUMBER, TEXT, TIME

SPELL_STATES = ("uncertainty", "amazement")
# Why a spell began; the first that fits.
ENTRY_REASONS = {
    "new_customer": "the customer's first spell: every customer begins in uncertainty",
    "complaint": "a message in uncertainty while in amazement, in another case than the one that led there",
    "relapse": "a message in uncertainty in the very case that had led to amazement",
    "recovered": "a message in amazement in a case where the customer had complained before",
    "praise": "a message in amazement where there was no complaint before",
}

JOURNEYS = Contract(
    name="journeys",
    meaning="one spell of one customer in one state; spells of a customer touch and alternate",
    key=("customer_key", "spell_number"),
    version="1.0",
    columns=(
        column("customer_key", TEXT, "Pseudonym of the customer."),
        column("spell_number", COUNT, "1 for the first spell."),
        column("state", TEXT, "uncertainty or amazement."),
        column(
            "started_at",
            TIME,
            "When it began; the first spell begins when the customer became one or, where that "
            "is not known, with their first message.",
            unit="UTC",
        ),
        column("ended_at", TIME, "When the next spell began.", unit="UTC", null="it lasts (censored)"),
        column("days", NUMBER, "Length; of a lasting spell up to the end of the data.", unit="days"),
        column("is_censored", FLAG, "It lasted at the end of the data."),
        column("entry_reason", TEXT, f"Why it began: {', '.join(ENTRY_REASONS)}."),
        column(
            "case_id",
            TEXT,
            "The case in which it began.",
            null="began with the customer, outside of any case",
        ),
        column("segment", TEXT, "The customer's segment.", null="the customers export does not say"),
        column("complaints", COUNT, "Complaints opened during the spell.", unit="complaints"),
    ),
)

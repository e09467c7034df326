"""EVENTS: what customers did, from the optional export of loyalty events."""

from schemas.contract import Contract, column
from schemas.types import NUMBER, TEXT, TIME

EVENT_KINDS = ("order", "renewal", "visit", "cancellation")

EVENTS = Contract(
    name="events",
    meaning="one loyalty event of one customer; never stored",
    key=("customer_id", "occurred_at", "event_id"),
    version="1.0",
    columns=(
        column("event_id", TEXT, "The event's id in the export."),
        column("customer_id", TEXT, "The customer; a pseudonym after redaction."),
        column("kind", TEXT, f"What happened: {', '.join(EVENT_KINDS)}."),
        column("occurred_at", TIME, "When it happened.", unit="UTC"),
        column(
            "amount",
            NUMBER,
            "Money that the customer paid.",
            unit="the company's currency",
            null="no money moved",
        ),
    ),
)

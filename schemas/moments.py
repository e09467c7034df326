"""MOMENTS: what a customer message says about its writer; all of the text that the journeys need."""

from schemas.contract import Contract, column
from schemas.types import SHARE, TEXT, TEXTS, TIME

MOMENTS = Contract(
    name="moments",
    meaning="one labelled message of a known customer; never stored",
    key=("customer_key", "sent_at", "case_id", "message_id"),
    version="1.0",
    columns=(
        column("customer_key", TEXT, "Pseudonym of the customer who wrote it."),
        column("sent_at", TIME, "When it was sent.", unit="UTC"),
        column("case_id", TEXT, "The case it belongs to."),
        column("message_id", TEXT, "The message's id."),
        column("channel", TEXT, "Its channel.", null="the export does not say"),
        column("state", TEXT, "The state it shows."),
        column("signals", TEXTS, "The signals it shows.", null="the model does not tell signals"),
        column("experience_score", SHARE, "Probability of amazement less that of uncertainty.", unit="-1 to 1"),
    ),
)

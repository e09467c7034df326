"""PROFILES: what is known of each customer, from the optional export of customers."""

from schemas.contract import Contract, column
from schemas.types import NUMBER, TEXT, TIME

PROFILES = Contract(
    name="profiles",
    meaning="one customer; never stored as it is",
    key=("customer_id",),
    version="1.0",
    columns=(
        column("customer_id", TEXT, "The customer; a pseudonym after redaction."),
        column("since", TIME, "When the customer became one.", unit="UTC", null="the export does not say"),
        column("segment", TEXT, "The company's own segment.", null="the export does not say"),
        column(
            "value",
            NUMBER,
            "What the customer is worth a year.",
            unit="the company's currency a year",
            null="the export does not say",
        ),
    ),
)

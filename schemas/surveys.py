"""SURVEYS: what customers answered when asked, from the optional export of surveys."""

from schemas.contract import Contract, column
from schemas.types import NUMBER, TEXT, TIME

SURVEY_KINDS = ("csat", "nps")

SURVEYS = Contract(
    name="surveys",
    meaning="one answer of one customer; never stored",
    key=("customer_id", "answered_at", "kind"),
    version="1.0",
    columns=(
        column("customer_id", TEXT, "The customer; a pseudonym after redaction."),
        column(
            "conversation_id",
            TEXT,
            "The case it is about, by the export's thread id.",
            null="not about one case",
        ),
        column("kind", TEXT, "csat (1 to 5) or nps (0 to 10)."),
        column("score", NUMBER, "The answer.", unit="1 to 5 for csat, 0 to 10 for nps"),
        column("answered_at", TIME, "When it was answered.", unit="UTC"),
    ),
)

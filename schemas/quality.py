"""QUALITY: the counters of a run."""

from schemas.contract import Contract, column
from schemas.types import NUMBER, TEXT

QUALITY = Contract(
    name="quality",
    meaning="one counter of the run",
    key=("scope", "item", "counter"),
    version="1.0",
    columns=(
        column("scope", TEXT, "What is counted: input, file, reason, redaction, table, role, lang or model."),
        column("item", TEXT, "Which of them."),
        column("counter", TEXT, "What of it: read, kept, rejected, rows, labelled, needs_review, ..."),
        column("value", NUMBER, "How many, or which share."),
    ),
)

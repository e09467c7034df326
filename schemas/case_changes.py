"""CASE_CHANGES: what happened to a case beside its messages (a help desk's field history)."""

import pyarrow as pa

from schemas.contract import Contract, column
from schemas.types import TEXT, TIME

FIELDS = ("status", "assignee", "team", "priority")

CASE_CHANGES = Contract(
    name="case_changes",
    meaning="one change of one field of a case; never stored",
    key=("conversation_id", "changed_at", "field", "value"),
    version="1.0",
    columns=(
        column("conversation_id", TEXT, "The thread's id in the export."),
        column("changed_at", TIME, "When the field took the value.", unit="UTC"),
        column("field", TEXT, f"Which field: {', '.join(FIELDS)}."),
        column(
            "value",
            TEXT,
            "The new value; status is open, pending or solved; assignee is a pseudonym after redaction.",
            null="the field was emptied",
        ),
    ),
)

# After linking: the same columns and the case.
LINKED_CHANGES = CASE_CHANGES.schema.append(pa.field("case_id", TEXT, nullable=False))

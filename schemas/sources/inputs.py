"""INPUTS: which contract each input fills, and which closed list a column keeps to."""

import pyarrow as pa

from schemas.case_changes import CASE_CHANGES
from schemas.case_changes import FIELDS as CHANGE_FIELDS
from schemas.contract import Contract, column
from schemas.events import EVENT_KINDS, EVENTS
from schemas.identities import IDENTITIES
from schemas.profiles import PROFILES
from schemas.raw_messages import RAW_MESSAGES, ROLES, SEVERITIES, STATUSES, VALIDITIES
from schemas.surveys import SURVEY_KINDS, SURVEYS
from schemas.types import COUNT, TEXT

INPUTS: dict[str, Contract] = {
    "messages": RAW_MESSAGES,
    "changes": CASE_CHANGES,
    "events": EVENTS,
    "surveys": SURVEYS,
    "customers": PROFILES,
    "identities": IDENTITIES,
}

CHOICES: dict[tuple[str, str], tuple[str, ...]] = {
    ("messages", "role"): ROLES,
    ("messages", "status"): STATUSES,
    ("messages", "severity"): SEVERITIES,
    ("messages", "validity"): VALIDITIES,
    ("changes", "field"): CHANGE_FIELDS,
    ("events", "kind"): EVENT_KINDS,
    ("surveys", "kind"): SURVEY_KINDS,
}

# Columns that the reader fills itself.
PLACE = ("file", "row")
_PLACE_FIELDS = (
    column("file", TEXT, "The file that held the row."),
    column("row", COUNT, "The row's number in that file, from 1, the header not counted."),
)
_MARK_FIELDS = (
    column("reject_reason", TEXT, "Why the row cannot be used.", null="the row is kept"),
    column(
        "reject_column",
        TEXT,
        "The column of the export that broke the rule.",
        null="kept, or the whole row did",
    ),
)

# Two marks that are no rejections: the source leaves the row out; the row served a join.
IGNORED = "ignored"
JOINED = "joined"


def field_names(input_name: str) -> list[str]:
    """Our columns that a source may fill for this input."""
    return [name for name in INPUTS[input_name].schema.names if name not in PLACE]


def marked_schema(input_name: str) -> pa.Schema:
    """What reading yields: the contract's columns, `file`, `row` and the two marks.

    All are nullable but `file` and `row`, because a rejected row has no values.
    """
    contract = INPUTS[input_name].schema
    values = [contract.field(name).with_nullable(True) for name in field_names(input_name)]
    return pa.schema([*values, *_PLACE_FIELDS, *_MARK_FIELDS])

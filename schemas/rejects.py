"""REJECTS: rows that could not be used, and why."""

from schemas.contract import Contract, column
from schemas.types import COUNT, TEXT

# The closed list of reasons; each says what to look at in the row.
REASONS = {
    "unparsable_line": "the line is not a row of the file's format",
    "missing_id": "the id column is empty",
    "missing_customer": "the row names no customer where one is needed",
    "missing_text": "the text column is empty",
    "bad_time": "the time does not match the source's format, or is out of range",
    "unknown_role": "the author's role is not in the source's value map",
    "unknown_value": "a mapped column holds a value that is not in the source's value map",
    "bad_number": "a number column holds something else",
    "duplicate_id": "another row has the same id; the first by time and content is kept",
    "too_long": "the text is longer than 100,000 characters",
    "not_text": "the text holds binary data or broken characters",
    "after_run_date": "the message is from after the run date",
    "no_match": "the row refers to a row of another table that is not there",
}

REJECTS = Contract(
    name="rejects",
    meaning="one rejected row of an export",
    key=("input", "file", "row"),
    version="1.0",
    columns=(
        column("input", TEXT, "Which input: messages, changes, events, surveys, customers or identities."),
        column("file", TEXT, "The file that held the row."),
        column("row", COUNT, "The row's number in that file, from 1, the header not counted.", unit="rows"),
        column("reason", TEXT, f"Why, one of: {', '.join(REASONS)}."),
        column("column", TEXT, "The column of the export that broke the rule.", null="the whole row did"),
    ),
)

"""RAW_MESSAGES: a row of an export after it has been conformed, before anything is redacted."""

from schemas.contract import Contract, column
from schemas.types import COUNT, FLAG, NUMBER, TEXT, TIME

ROLES = ("customer", "agent", "internal", "system")
STATUSES = ("open", "pending", "solved")
SEVERITIES = ("low", "medium", "high", "critical")
VALIDITIES = ("upheld", "explained", "refused")

_NOT_SAID = "the export does not say"

RAW_MESSAGES = Contract(
    name="raw_messages",
    meaning="one message of an export, in our columns; never stored",
    key=("conversation_id", "message_id"),
    version="1.0",
    columns=(
        column("message_id", TEXT, "The message's id in the export; unique within its conversation."),
        column(
            "conversation_id",
            TEXT,
            "The thread's id in the export; the message's own id where threads follow reply links.",
        ),
        column(
            "linked_id",
            TEXT,
            "Another conversation_id that this one belongs to: answered, or merged into.",
            null="no link",
        ),
        column(
            "customer_id",
            TEXT,
            "Who wrote it (role customer), else which customer it is for.",
            null=_NOT_SAID,
        ),
        column(
            "agent_id",
            TEXT,
            "The employee who wrote it.",
            null="a customer's message, or the export does not say",
        ),
        column("team", TEXT, "The team in charge when it was sent.", null=_NOT_SAID),
        column(
            "role",
            TEXT,
            f"The author's role at the time: {', '.join(ROLES)}. internal: a note that the "
            "customer never sees; system: automatic, or its author is not known.",
        ),
        column("sent_at", TIME, "When it was sent.", unit="UTC"),
        column("channel", TEXT, "Channel: email, chat, phone, social, ...", null=_NOT_SAID),
        column("lang", TEXT, "Language, ISO 639-1.", null=_NOT_SAID),
        column("touchpoint", TEXT, "Product or touchpoint that the case is about.", null=_NOT_SAID),
        column("text", TEXT, "What was written.", null="an export whose source allows rows without text"),
        column(
            "status",
            TEXT,
            f"The case's status right after this message: {', '.join(STATUSES)}.",
            null=_NOT_SAID,
        ),
        column("priority", TEXT, "The case's priority right after this message.", null=_NOT_SAID),
        column(
            "severity",
            TEXT,
            f"How bad the failure is, from the export: {', '.join(SEVERITIES)}.",
            null=_NOT_SAID,
        ),
        column("validity", TEXT, f"What the company decided: {', '.join(VALIDITIES)}.", null=_NOT_SAID),
        column(
            "company_response",
            TEXT,
            "The company's closing response as a value of the export's own list.",
            null=_NOT_SAID,
        ),
        column(
            "responded_at",
            TIME,
            "When the company was given or answered the case, where no reply is in the export.",
            unit="UTC",
            null=_NOT_SAID,
        ),
        column("timely", FLAG, "The company answered in time, by the export's own rule.", null=_NOT_SAID),
        column("disputed", FLAG, "The customer disputed the company's response.", null=_NOT_SAID),
        column("agent_minutes", NUMBER, "Handling time of this message.", unit="minutes", null=_NOT_SAID),
        column("file", TEXT, "The file that held the row."),
        column("row", COUNT, "The row's number in that file, from 1, the header not counted."),
    ),
)

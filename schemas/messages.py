"""MESSAGES: the labelled messages."""

from schemas.contract import Contract, column
from schemas.labels import LABELS
from schemas.types import FLAG, NUMBER, TEXT, TIME

_NOT_SAID = "the export does not say"

# What travels from the readers to the classifier: redacted, with pseudonyms, one case's messages together.
CLEAN_COLUMNS = (
    column("case_id", TEXT, "The case that the message belongs to: the thread's id after merging and linking."),
    column("sent_at", TIME, "When it was sent.", unit="UTC"),
    column("message_id", TEXT, "The message's id in the export; unique within its conversation."),
    column("conversation_id", TEXT, "The thread's id in the export; several may be linked or merged into one case."),
    column("customer_key", TEXT, "Pseudonym of the customer who wrote it, or whom it is for.", null=_NOT_SAID),
    column(
        "agent_key",
        TEXT,
        "Pseudonym of the employee who wrote it.",
        null="a customer's message, or the export does not say",
    ),
    column("team", TEXT, "The team in charge when it was sent.", null=_NOT_SAID),
    column(
        "role",
        TEXT,
        "The author's role at the time: customer, agent, internal (a note) or system (automatic, or not known).",
    ),
    column("channel", TEXT, "Channel: email, chat, phone, social, ...", null=_NOT_SAID),
    column("lang", TEXT, "Language, ISO 639-1: the export's, else detected.", null="neither said nor detected"),
    column("touchpoint", TEXT, "Product or touchpoint that the case is about.", null=_NOT_SAID),
    column(
        "text",
        TEXT,
        "What was written, personal data redacted.",
        null="no text, or storing text is switched off",
    ),
    column("status", TEXT, "The case's status right after this message: open, pending or solved.", null=_NOT_SAID),
    column("priority", TEXT, "The case's priority right after this message.", null=_NOT_SAID),
    column("severity", TEXT, "How bad the failure is, from the export.", null=_NOT_SAID),
    column("validity", TEXT, "What the company decided: upheld, explained or refused.", null=_NOT_SAID),
    column(
        "company_response",
        TEXT,
        "The company's closing response, a value of the export's own list.",
        null=_NOT_SAID,
    ),
    column(
        "responded_at",
        TIME,
        "When the company answered, where no reply is in the export.",
        unit="UTC",
        null=_NOT_SAID,
    ),
    column("timely", FLAG, "The company answered in time, by the export's own rule.", null=_NOT_SAID),
    column("disputed", FLAG, "The customer disputed the company's response.", null=_NOT_SAID),
    column("agent_minutes", NUMBER, "Handling time of this message.", unit="minutes", null=_NOT_SAID),
)

MESSAGES = Contract(
    name="messages",
    meaning="one message, with its labels",
    key=("case_id", "sent_at", "conversation_id", "message_id"),
    version="1.0",
    columns=(*CLEAN_COLUMNS, *LABELS),
)

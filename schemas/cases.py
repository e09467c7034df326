"""CASES: one row per case. BUILT_CASES is what its own messages tell; the rest is the customer's history."""

from schemas.contract import Contract, column
from schemas.labels import RECOVERY_STEPS, SIGNALS, STEPS
from schemas.policy import HORIZONS_DAYS
from schemas.types import COUNT, FLAG, NUMBER, SECONDS, SHARE, TEXT, TEXTS, TIME

GRADES = ("none", "partial", "full")

_NOT_SAID = "the export does not say"
_NOT_YET = "it has not happened"
_NO_TARGET = "no target was in force for the case"
_NO_CUSTOMER = "the customer is not known"
_NO_REPLY = "no reply yet, or the case was opened by an agent"
_NO_REPLY_OWED = _NO_TARGET + ", no reply is owed, or the company answered outside of the export"
_NO_END_OWED = _NO_TARGET + ", no customer message, or the company answered outside of the export"
_NO_DUE = _NO_TARGET + ", or no customer message"
_NO_PREVIOUS = "not a complaint, no previous complaint, or " + _NO_CUSTOMER
_NO_HORIZON = (
    "customer or data not known, the export does not reach back, the horizon is not over, "
    "or the customer left before the landmark"
)
_NO_AGAIN = "the customer is not known, the horizon is not over, or the customer left before the landmark"
_SILENT = "no reply yet, the customer is not known or wrote nothing in that time, or the model does not tell signals"
_NO_ANSWER = "not asked, not answered, or " + _NO_CUSTOMER

_WHO = (
    column("case_id", TEXT, "The case: the thread's id after merging and linking."),
    column(
        "customer_key",
        TEXT,
        "Pseudonym of the customer: the author of the first customer message, else whom the case is for.",
        null="the export names none",
    ),
    column("channel", TEXT, "Channel of the first message.", null=_NOT_SAID),
    column("channels", TEXTS, "All channels of the case, sorted."),
    column("lang", TEXT, "Language of the first customer message that has one.", null="neither said nor detected"),
    column("touchpoint", TEXT, "Product or touchpoint, the first that is named.", null=_NOT_SAID),
    column("team", TEXT, "The team last in charge.", null=_NOT_SAID),
    column("priority", TEXT, "Priority when the case was opened.", null=_NOT_SAID),
    column("severity", TEXT, "How bad the failure is, from the export.", null=_NOT_SAID),
)

_TIMES = (
    column("opened_at", TIME, "First message.", unit="UTC"),
    column("opened_by", TEXT, "Role that wrote the first message that is not a note: customer, agent or system."),
    column("is_complaint", FLAG, "A customer message is in uncertainty, or the source holds complaints only."),
    column(
        "complained_at",
        TIME,
        "First customer message in uncertainty; the opening where the source holds complaints only.",
        unit="UTC",
        null="no complaint",
    ),
    column("landmark_at", TIME, "Opening plus the recovery window; outcomes are counted from here.", unit="UTC"),
    column("status", TEXT, "Last status: open, pending or solved.", null=_NOT_SAID),
    column(
        "resolved_at",
        TIME,
        "Last change to solved that was not reopened; where the export holds no status, the last "
        "reply with a fix after which no customer message is in uncertainty.",
        unit="UTC",
        null=_NOT_YET,
    ),
    column("resolved_by", TEXT, "How the resolution is known: export or text.", null=_NOT_YET),
    column("first_reply_at", TIME, "First agent message after the first customer message.", unit="UTC", null=_NO_REPLY),
    column(
        "first_reply_seconds",
        SECONDS,
        "First customer message to the first agent message after it.",
        unit="seconds, calendar",
        null=_NO_REPLY,
    ),
    column(
        "first_reply_business_seconds",
        SECONDS,
        "The same in business time.",
        unit="seconds, business",
        null=_NO_REPLY,
    ),
    column(
        "resolution_seconds",
        SECONDS,
        "First customer message to the resolution.",
        unit="seconds, calendar",
        null="not resolved, or no customer message",
    ),
    column(
        "resolution_business_seconds",
        SECONDS,
        "The same in business time.",
        unit="seconds, business",
        null="not resolved, or no customer message",
    ),
    column(
        "concrete_seconds",
        SECONDS,
        "First customer message to the first fix or offer.",
        unit="seconds, calendar",
        null="neither happened",
    ),
)

_WORK = (
    column("customer_messages", COUNT, "Messages by customers.", unit="messages"),
    column("agent_messages", COUNT, "Messages by agents.", unit="messages"),
    column("internal_notes", COUNT, "Notes that the customer never sees.", unit="messages"),
    column("replies", COUNT, "Replies: agent messages in a row count as one.", unit="replies"),
    column(
        "repeated_contacts",
        COUNT,
        "Customer messages sent an hour or more after an unanswered one.",
        unit="messages",
    ),
    column(
        "hand_offs",
        COUNT,
        "Times that another agent took over: by the assignee's history, else by who replies.",
        unit="hand-offs",
    ),
    column(
        "reopenings",
        COUNT,
        "Times that a solved case became open or pending again.",
        unit="reopenings",
        null=_NOT_SAID,
    ),
    column("agent_minutes", NUMBER, "Handling time.", unit="minutes", null=_NOT_SAID),
)

_STEPS = (
    column(
        "steps",
        TEXTS,
        f"Steps seen in replies within the recovery window, any of: {', '.join(STEPS)}.",
        null="replies exist, but none could be read",
    ),
    *(
        column(
            f"{step}_seconds",
            SECONDS,
            f"First customer message to the first reply that shows `{step}`.",
            unit="seconds, calendar",
            null=_NOT_YET,
        )
        for step in RECOVERY_STEPS
    ),
    column(
        "urgent_by_words",
        FLAG,
        "A reply within the recovery window shows `urgency`.",
        null="replies exist, but none could be read",
    ),
    column(
        "urgent_by_clock",
        FLAG,
        "The first reply came within the policy's urgent_reply_seconds of business time.",
        null=_NO_REPLY,
    ),
    column(
        "recovery_grade",
        TEXT,
        "full: a fix and at least three of acknowledge, apologise, attitude, urgency (by words "
        "or by clock); partial: a fix with fewer, or no fix and at least two of them; none: the rest.",
        null="not a complaint, or replies exist but none could be read",
    ),
)

_STATES = (
    column("state_open", TEXT, "State of the first customer message.", null="no labelled customer message"),
    column(
        "state_close",
        TEXT,
        "State of the last customer message that is not neutral, else neutral.",
        null="no labelled customer message",
    ),
    column(
        "sentiment_open",
        TEXT,
        "Sentiment of the first customer message.",
        null="no labelled customer message",
    ),
    column(
        "sentiment_close",
        TEXT,
        "Sentiment of the last customer message.",
        null="no labelled customer message",
    ),
    column(
        "experience_score",
        SHARE,
        "How the customer left: probability of amazement less that of uncertainty in the last customer message.",
        unit="-1 to 1",
        null="no labelled customer message",
    ),
    column(
        "signals",
        TEXTS,
        f"Signals in any customer message: {', '.join(SIGNALS)}.",
        null="no labelled customer message",
    ),
    column("needs_review", FLAG, "A label of the case needs review.", null="no labelled message"),
    column(
        "perception_gap",
        FLAG,
        "The company closed the case as solved while the customer is in uncertainty.",
        null="status or state not known",
    ),
)

_COMPANY = (
    column(
        "validity",
        TEXT,
        "What the company decided: upheld, explained or refused; unknown where nothing tells.",
    ),
    column(
        "company_response",
        TEXT,
        "The company's closing response, a value of the export's own list.",
        null=_NOT_SAID,
    ),
    column("timely", FLAG, "The company answered in time, by the export's own rule.", null=_NOT_SAID),
    column("disputed", FLAG, "The customer disputed the company's response.", null=_NOT_SAID),
    column(
        "target_first_reply_seconds",
        SECONDS,
        "Target in force when the case was opened.",
        unit="seconds",
        null=_NO_TARGET,
    ),
    column(
        "target_resolution_seconds",
        SECONDS,
        "Target in force when the case was opened.",
        unit="seconds",
        null=_NO_TARGET,
    ),
    column("target_clock", TEXT, "Clock of the targets: calendar or business.", null=_NO_TARGET),
    column(
        "first_reply_breached",
        FLAG,
        "The first reply came after its target, or has not come though it is over.",
        null=_NO_REPLY_OWED,
    ),
    column(
        "resolution_breached",
        FLAG,
        "The resolution came after its target, or has not come though it is over.",
        null=_NO_END_OWED,
    ),
    column("resolution_due_at", TIME, "When the resolution target ends.", unit="UTC", null=_NO_DUE),
)

BUILT_CASES = Contract(
    name="built_cases",
    meaning="one case, as far as its own conversation tells; never stored",
    key=("case_id",),
    version="1.0",
    columns=(*_WHO, *_TIMES, *_WORK, *_STEPS, *_STATES, *_COMPANY),
)

_HISTORY = (
    column("segment", TEXT, "The customer's segment.", null="the customers export does not say"),
    column(
        "tenure_days",
        NUMBER,
        "Days since the customer became one, at the opening.",
        unit="days",
        null="the customers export does not say",
    ),
    column(
        "customer_value",
        NUMBER,
        "What the customer is worth a year.",
        unit="the company's currency a year",
        null="the customers export does not say",
    ),
    column(
        "failure_number",
        COUNT,
        "The how manieth complaint of this customer.",
        null="not a complaint, or " + _NO_CUSTOMER,
    ),
    column(
        "days_since_previous_failure",
        NUMBER,
        "Days between the openings of this and the previous complaint.",
        unit="days",
        null=_NO_PREVIOUS,
    ),
    column(
        "same_touchpoint",
        FLAG,
        "The previous complaint was about the same touchpoint.",
        null=_NO_PREVIOUS + ", or a touchpoint is not known",
    ),
    column(
        "previous_recovery_grade",
        TEXT,
        "Recovery grade of the previous complaint.",
        null=_NO_PREVIOUS + ", or it has no grade",
    ),
    column(
        "double_deviation",
        FLAG,
        "The complaint was not recovered (grade none) and the customer was left in uncertainty.",
        null="not a complaint, or grade or state not known",
    ),
    column(
        "expected_score",
        NUMBER,
        "Exponentially weighted mean of the customer's earlier experience scores.",
        unit="-1 to 1",
        null="no earlier experience, or " + _NO_CUSTOMER,
    ),
)

_AFTER = (
    column(
        "left_before_landmark",
        FLAG,
        "The customer cancelled between opening and landmark.",
        null="no events export, or it does not reach back, the landmark is not over, or " + _NO_CUSTOMER,
    ),
    column(
        "purchases_before_90",
        COUNT,
        "Orders and renewals in the 90 days before the opening (the placebo outcome).",
        unit="purchases",
        null="no events export, or it does not reach back, or " + _NO_CUSTOMER,
    ),
    *(
        outcome
        for days in HORIZONS_DAYS
        for outcome in (
            column(
                f"came_back_{days}",
                FLAG,
                f"An order, renewal or visit within {days} days after the landmark.",
                null=_NO_HORIZON,
            ),
            column(
                f"purchases_{days}",
                COUNT,
                f"Orders and renewals within {days} days after the landmark.",
                unit="purchases",
                null=_NO_HORIZON,
            ),
            column(
                f"revenue_{days}",
                NUMBER,
                f"Money of those {days} days after the landmark.",
                unit="the company's currency",
                null=_NO_HORIZON,
            ),
            column(
                f"churned_{days}",
                FLAG,
                f"A cancellation within {days} days after the landmark.",
                null=_NO_HORIZON,
            ),
            column(
                f"complained_again_{days}",
                FLAG,
                f"Another complaint opened within {days} days after the landmark.",
                null=_NO_AGAIN,
            ),
        )
    ),
    column(
        "return_intent",
        FLAG,
        "Within 180 days after the first reply the customer says that they will be back.",
        null=_SILENT,
    ),
    column(
        "advocacy",
        FLAG,
        "Within 180 days after the first reply the customer recommends the company.",
        null=_SILENT,
    ),
    column(
        "churn_intent",
        FLAG,
        "Within 180 days after the first reply the customer says that they will leave.",
        null=_SILENT,
    ),
    column("csat", NUMBER, "Last CSAT answer about this case.", unit="1 to 5", null=_NO_ANSWER),
    column(
        "nps",
        NUMBER,
        "First NPS answer in the 180 days after the landmark.",
        unit="0 to 10",
        null=_NO_ANSWER,
    ),
)

CASES = Contract(
    name="cases",
    meaning="one case: its clocks, steps and states, the customer's history, and what came after",
    key=("case_id",),
    version="1.0",
    columns=(*BUILT_CASES.columns, *_HISTORY, *_AFTER),
)

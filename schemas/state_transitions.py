"""STATE_TRANSITIONS: the flow between uncertainty and amazement by week."""

from schemas.contract import Contract, column
from schemas.types import COUNT, DAY, FLAG, TEXT

STATE_TRANSITIONS = Contract(
    name="state_transitions",
    meaning="week x segment x from-state x to-state, from the week of the first message on; "
    "a customer who stays counts as from = to",
    key=("week", "segment", "from_state", "to_state"),
    version="1.0",
    columns=(
        column("week", DAY, "Monday of the week (UTC)."),
        column("segment", TEXT, "Customer segment; `all` for everybody, `unknown` where it is not known."),
        column(
            "from_state",
            TEXT,
            "State before: uncertainty, amazement, or `new` for customers who came this week.",
        ),
        column("to_state", TEXT, "State after: uncertainty or amazement."),
        column(
            "transitions",
            COUNT,
            "Changes of state in the week; for from = to, customers without a change in it.",
            unit="changes or customers",
            null="fewer customers than the minimum group size",
        ),
        column("is_suppressed", FLAG, "Fewer customers than the minimum group size."),
    ),
)

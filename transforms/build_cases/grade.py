"""Grade a recovery: the steps that the answers show within the recovery window, and what they add up to."""

import numpy as np
import pyarrow as pa

from schemas.arithmetic.arrays import SECOND_US, Mask, Rows, any_row, is_known, list_words
from schemas.cases import GRADES
from schemas.labels import STEPS
from schemas.policy import Policy
from schemas.types import TEXT
from transforms.build_cases.clock import Clocks
from transforms.build_cases.conversation import Conversations

_BESIDE_FIX = ("acknowledge", "apologise", "attitude")
_DAY_US = 86_400 * SECOND_US


def grade_recovery(talk: Conversations, clocks: Clocks, is_complaint: Mask, policy: Policy) -> dict[str, pa.Array]:
    """Give `steps`, `urgent_by_words`, `urgent_by_clock` and `recovery_grade`.

    Args:
        talk: The conversations.
        clocks: How long the customers waited.
        is_complaint: Which cases are complaints; others have no grade.
        policy: Answers count within its `recovery_window_days` after the opening; a first reply within its
            `urgent_reply_seconds` of business time is urgent by the clock.
    """
    window_ends = talk.opened + policy.recovery_window_days * _DAY_US
    in_window = talk.is_answer & (talk.sent <= window_ends[talk.cases.ids])
    shown = {step: any_row(talk.cases, mask & in_window) for step, mask in talk.shows.items()}
    known = _can_be_read(talk, in_window)
    by_clock = clocks.is_replied & (clocks.reply[1] <= policy.urgent_reply_seconds)
    # A first reply after the window cannot lift a grade: then no other step was seen within it either.
    grades = pa.array(GRADES, TEXT).take(pa.array(decide_grades(shown, shown["urgency"] | by_clock)))
    return {
        "steps": list_words({step: shown[step] for step in STEPS}, known=known),
        "urgent_by_words": pa.array(shown["urgency"], mask=~known),
        "urgent_by_clock": pa.array(by_clock, mask=~clocks.is_replied),
        "recovery_grade": _blank(grades, ~(known & is_complaint)),
    }


def decide_grades(shown: dict[str, Mask], is_urgent: Mask) -> Rows:
    """The place of each case's grade in `GRADES`.

    full: a fix and at least three of acknowledge, apologise, attitude, urgency; partial: a fix with fewer,
    or no fix and at least two of them; none: the rest.
    """
    others = is_urgent.astype(np.int64)
    for step in _BESIDE_FIX:
        others += shown[step]
    return np.select(
        [shown["fix"] & (others >= 3), shown["fix"] | (others >= 2)],
        [GRADES.index("full"), GRADES.index("partial")],
        GRADES.index("none"),
    )


def _can_be_read(talk: Conversations, in_window: Mask) -> Mask:
    """Cases whose steps are known: a labelled answer in the window, or surely none at all."""
    is_labelled = is_known(talk.messages.column("steps"))
    has_read = any_row(talk.cases, in_window & is_labelled)
    return (has_read | ~any_row(talk.cases, in_window)) & ~talk.is_answered_unseen


def _blank(values: pa.Array, mask: Mask) -> pa.Array:
    return values.take(pa.array(np.arange(len(values)), mask=mask))

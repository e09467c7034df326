"""Words: what the customer writes after the first reply. They have no landmark, and are no acts."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arithmetic.arrays import NO_ROW, SECOND_US, Rows, find_words, is_known, is_value, to_micros
from schemas.arithmetic.timelines import DAY_US, Timeline, number_owners, sort_timeline
from transforms.measure_outcomes.anchors import Anchors

INTENTS = ("return_intent", "advocacy", "churn_intent")
INTENT_DAYS = 180
_NEVER = 0


def measure_words(anchors: Anchors, cases: pa.RecordBatch, moments: pa.RecordBatch) -> dict[str, pa.Array]:
    """Give the intents: shown in (first reply, first reply + 180 days], in any case of the customer."""
    timeline = sort_timeline(number_owners(moments["customer_key"], anchors.customers), to_micros(moments["sent_at"]))
    replied = _date_replies(anchors, cases, timeline, moments)
    at_reply = timeline.count_until(anchors.owners, replied)
    at_end = timeline.count_until(anchors.owners, replied + INTENT_DAYS * DAY_US)
    is_silent = ~anchors.is_owned | (replied == _NEVER) | (at_end == at_reply)
    columns = {}
    for intent, is_shown in find_words(moments["signals"], INTENTS).items():
        shown = timeline.add_up(is_shown)
        columns[intent] = pa.array(shown[at_end] > shown[at_reply], mask=is_silent)
    return columns


def _date_replies(anchors: Anchors, cases: pa.RecordBatch, timeline: Timeline, moments: pa.RecordBatch) -> Rows:
    """When the first reply came, in microseconds; 0 where it did not.

    The case holds how long it took since the first customer message. That is the opening or, where
    something automatic opened the case, the customer's first labelled message in it.
    """
    case_of = number_owners(moments["case_id"], cases["case_id"])[timeline.rows]
    is_own = np.append(anchors.owners, NO_ROW)[case_of] == timeline.owners  # no case: -1, nobody
    asked = np.full(cases.num_rows, _NEVER)
    # Backwards in time, so that of several messages of a case the first is written last and stays.
    asked[case_of[is_own][::-1]] = timeline.times[is_own][::-1]
    asked = np.where(is_value(cases["opened_by"], "customer"), anchors.opened, asked)
    seconds = pc.fill_null(cases["first_reply_seconds"], 0).to_numpy()
    is_replied = is_known(cases["first_reply_seconds"]) & (asked != _NEVER)
    return np.where(is_replied, asked + seconds * SECOND_US, _NEVER)

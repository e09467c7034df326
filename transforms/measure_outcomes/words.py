"""Words: what the customer writes after the first reply. They have no landmark, and are no acts."""

import pyarrow as pa

from schemas.arithmetic.arrays import find_words, is_known, to_micros
from schemas.arithmetic.timelines import DAY_US, number_owners, sort_timeline
from transforms.measure_outcomes.anchors import Anchors

INTENTS = ("return_intent", "advocacy", "churn_intent")
INTENT_DAYS = 180


def measure_words(anchors: Anchors, cases: pa.RecordBatch, moments: pa.RecordBatch) -> dict[str, pa.Array]:
    """Give the intents: shown in (first reply, first reply + 180 days], in any case of the customer."""
    # A model without that head tells no signals: its messages are silent, and do not say "no".
    moments = moments.filter(moments["signals"].is_valid())
    timeline = sort_timeline(number_owners(moments["customer_key"], anchors.customers), to_micros(moments["sent_at"]))
    replied, is_replied = to_micros(cases["first_reply_at"]), is_known(cases["first_reply_at"])
    at_reply = timeline.count_until(anchors.owners, replied)
    at_end = timeline.count_until(anchors.owners, replied + INTENT_DAYS * DAY_US)
    is_silent = ~anchors.is_owned | ~is_replied | (at_end == at_reply)
    columns = {}
    for intent, is_shown in find_words(moments["signals"], INTENTS).items():
        shown = timeline.add_up(is_shown)
        columns[intent] = pa.array(shown[at_end] > shown[at_reply], mask=is_silent)
    return columns

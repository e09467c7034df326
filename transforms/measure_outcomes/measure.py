"""Measure all outcomes of cases."""

from datetime import datetime

import pyarrow as pa

from schemas.cases import CASES
from schemas.types import TIME
from transforms.measure_outcomes.acts import Span, measure_acts
from transforms.measure_outcomes.anchors import anchor_cases
from transforms.measure_outcomes.answers import measure_answers
from transforms.measure_outcomes.words import measure_words

_NOTHING = Span(first=2**62, last=-(2**62))


def measure_outcomes(
    history: pa.RecordBatch,
    events: pa.RecordBatch,
    surveys: pa.RecordBatch,
    moments: pa.RecordBatch,
    *,
    messages_until: datetime,
    events_from: datetime | None,
    events_until: datetime | None,
) -> pa.RecordBatch:
    """Add the outcomes to each case.

    An outcome over a horizon is counted in (landmark, landmark + horizon]. It is null unless the data that
    it is read from reaches from the opening to the horizon's end, and for customers who left before the
    landmark. The rules, each with an example, are in docs/outcomes.md.

    Args:
        history: Columns of `BUILT_CASES` and the history, all cases of each customer, in any order.
        events: Columns of `EVENTS` of the same customers.
        surveys: Columns of `SURVEYS` of the same customers; `conversation_id` holds the case's id.
        moments: Columns of `MOMENTS` of the same customers.
        messages_until: End of the messages export: its last message, over all customers.
        events_from: Start of the events export: its first event, over all customers; None without one.
        events_until: End of the events export: its last event; None without one.

    Returns:
        Columns of `CASES`, in the order of the input.

    Raises:
        InputError: An amount of an event is not a number of money.
    """
    anchors = anchor_cases(history)
    span = _NOTHING
    if events_from is not None and events_until is not None:
        span = Span(_to_micros(events_from), _to_micros(events_until))
    columns = {
        **measure_acts(anchors, history, events, span=span, messages_until=_to_micros(messages_until)),
        **measure_words(anchors, history, moments),
        **measure_answers(anchors, history, surveys),
    }
    return pa.RecordBatch.from_arrays(
        [columns[name] if name in columns else history[name] for name in CASES.schema.names],
        schema=CASES.schema,
    )


def _to_micros(time: datetime) -> int:
    return pa.scalar(time, TIME).value

"""How the customer feels: state, tone, signals, and the score of the experience."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arithmetic.arrays import (
    Mask,
    any_row,
    find_words,
    first_row,
    is_known,
    is_true,
    is_value,
    last_row,
    list_words,
    subtract_shares,
)
from schemas.labels import SIGNALS
from schemas.types import SHARE
from transforms.build_cases.conversation import Conversations


def read_feelings(talk: Conversations, statuses: pa.Array) -> dict[str, pa.Array]:
    """Give the columns from `state_open` to `perception_gap`.

    Args:
        talk: The conversations.
        statuses: Last status of each case.
    """
    cases, messages = talk.cases, talk.messages
    with_state = talk.is_customer & is_known(messages.column("state"))
    with_tone = talk.is_customer & is_known(messages.column("sentiment"))
    is_clear = with_state & ~is_value(messages.column("state"), "neutral")
    last_clear = last_row(cases, is_clear)
    closing = np.where(last_clear >= 0, last_clear, last_row(cases, with_state))
    state_close = talk.take("state", closing)
    reviews = messages.column("needs_review")
    return {
        "state_open": talk.take("state", first_row(cases, with_state)),
        "state_close": state_close,
        "sentiment_open": talk.take("sentiment", first_row(cases, with_tone)),
        "sentiment_close": talk.take("sentiment", last_row(cases, with_tone)),
        "experience_score": _score(talk),
        "signals": _gather_signals(talk),
        "needs_review": pa.array(any_row(cases, is_true(reviews)), mask=~any_row(cases, is_known(reviews))),
        "perception_gap": pc.and_(pc.equal(statuses, "solved"), pc.equal(state_close, "uncertainty")),
    }


def _score(talk: Conversations) -> pa.Array:
    """Probability of amazement less that of uncertainty, in the last customer message that has them."""
    has_shares = talk.is_customer & is_known(talk.messages.column("state_probabilities"))
    shares = talk.take("state_probabilities", last_row(talk.cases, has_shares))
    scores = subtract_shares(shares, "amazement", "uncertainty")
    return pa.array(scores.astype(np.float32), SHARE, mask=np.isnan(scores))


def _gather_signals(talk: Conversations) -> pa.ListArray:
    lists = talk.messages.column("signals")
    known = any_row(talk.cases, talk.is_customer & is_known(lists))
    masks: dict[str, Mask] = find_words(lists, SIGNALS)
    return list_words(
        {signal: any_row(talk.cases, mask & talk.is_customer) for signal, mask in masks.items()},
        known=known,
    )

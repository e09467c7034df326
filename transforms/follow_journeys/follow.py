"""Follow each customer through uncertainty and amazement."""

from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arithmetic.arrays import (
    NO_ROW,
    Rows,
    find_segments,
    from_micros,
    is_true,
    rank_rows,
    take_rows,
    to_micros,
)
from schemas.arithmetic.timelines import DAY_US, number_owners, sort_timeline
from schemas.errors import ContractError
from schemas.journeys import ENTRY_REASONS, JOURNEYS, SPELL_STATES
from schemas.types import TEXT, TIME
from transforms.follow_journeys.messages import read_messages
from transforms.follow_journeys.spells import Spells, find_spells

_BY_TIME = [(name, "ascending") for name in ("customer_key", "sent_at", "case_id", "message_id")]
_BY_AGE = [(name, "ascending") for name in ("customer_id", "since", "segment", "value")]


def follow_journeys(
    moments: pa.RecordBatch, cases: pa.RecordBatch, profiles: pa.RecordBatch, *, until: datetime
) -> pa.RecordBatch:
    """Cut each customer's time into spells of uncertainty and amazement.

    Every customer begins in uncertainty, when they became one or with their first message, whichever is
    earlier. A message in another state than the customer's begins a spell; a neutral one does not. Messages
    of the same time are in order of case and message id. docs/journeys.md has the rules with examples.

    Args:
        moments: Columns of `MOMENTS`, all of each customer, in any order.
        cases: Columns of `BUILT_CASES` or `CASES` of the same customers.
        profiles: Columns of `PROFILES` of the same customers; `customer_id` is the pseudonym.
        until: End of the data: the last message over all customers, or later.

    Returns:
        Columns of `JOURNEYS`, sorted by customer and spell. A customer who never wrote has one spell where
        `since` is known and not after `until`, else none.

    Raises:
        ContractError: A moment is later than `until`.
    """
    end = pa.scalar(until, TIME).value
    moments = moments.take(pc.sort_indices(moments, sort_keys=_BY_TIME))
    known = profiles.take(pc.sort_indices(profiles, sort_keys=_BY_AGE))  # the oldest profile is found first
    customers = pc.unique(pa.concat_arrays([moments["customer_key"], known["customer_id"]]))
    customers = customers.take(pc.sort_indices(customers))
    profile = pc.index_in(customers, value_set=known["customer_id"])
    messages = read_messages(moments, cases, customers)
    if messages.times.max(initial=end) > end:
        raise ContractError(f"table journeys: a message is later than the end of the data, {until.isoformat()}")
    spells = find_spells(messages, known["since"].take(profile), end)
    owners = pa.array(spells.owners)
    columns = {
        "customer_key": customers.take(owners),
        "case_id": take_rows(moments["case_id"], spells.openers),
        "segment": known["segment"].take(profile).take(owners),
        "complaints": pa.array(_count_complaints(cases, customers, spells)),
        **_describe_spells(spells, end),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in JOURNEYS.schema.names], schema=JOURNEYS.schema)


def _describe_spells(spells: Spells, end: int) -> dict[str, pa.Array]:
    """Number, state, reason and times of each spell."""
    number, is_last = rank_rows(find_segments(pa.array(spells.owners))), spells.is_last
    ended = np.where(is_last, end, np.append(spells.started, end)[1:])
    return {
        "spell_number": pa.array(number + 1),
        "state": pa.array(SPELL_STATES, TEXT).take(pa.array(number % 2)),  # they alternate from uncertainty
        "started_at": from_micros(spells.started, known=np.ones(len(number), bool)),
        "ended_at": from_micros(ended, known=~is_last),
        "days": pa.array((ended - spells.started) / DAY_US),
        "is_censored": pa.array(is_last),
        "entry_reason": pa.array(list(ENTRY_REASONS), TEXT).take(pa.array(spells.reasons)),
    }


def _count_complaints(cases: pa.RecordBatch, customers: pa.Array, spells: Spells) -> Rows:
    """Complaints opened in each spell; those from before a customer's first spell count in it."""
    is_complaint = is_true(cases["is_complaint"])
    owners = number_owners(cases["customer_key"], customers)[is_complaint]
    opened = to_micros(cases["opened_at"])[is_complaint]
    first = np.searchsorted(spells.owners, owners)
    has_spell = (owners != NO_ROW) & (np.append(spells.owners, NO_ROW)[first] == owners)
    latest = sort_timeline(spells.owners, spells.started).count_until(owners, opened) - 1
    return np.bincount(np.maximum(latest, first)[has_spell], minlength=len(spells.owners))

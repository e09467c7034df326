"""Follow each customer through uncertainty and amazement."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arrays import (
    NO_ROW,
    Mask,
    Rows,
    find_segments,
    from_micros,
    is_known,
    is_true,
    is_value,
    rank_rows,
    take_rows,
    to_micros,
)
from schemas.errors import ContractError
from schemas.journeys import ENTRY_REASONS, JOURNEYS, SPELL_STATES
from schemas.timelines import DAY_US, number_owners, sort_timeline
from schemas.types import TEXT, TIME

_BY_TIME = [(name, "ascending") for name in ("customer_key", "sent_at", "case_id", "message_id")]
_BY_AGE = [(name, "ascending") for name in ("customer_id", "since", "segment", "value")]
_NEVER = np.iinfo(np.int64).max
_NEW, _COMPLAINT, _RELAPSE, _RECOVERED, _PRAISE = range(len(ENTRY_REASONS))


@dataclass(frozen=True, eq=False)
class _Messages:
    """The customers' labelled messages, in order of customer, time, case and message.

    Attributes:
        owners: The customer, a number from 0.
        cases: The case, a number from 0; the same case has a number of its own for each customer.
        times: When, in microseconds.
        is_strong: It shows a state that is not neutral.
        is_amazed: It shows amazement.
        has_complained: The customer had complained in this case before.
    """

    owners: Rows
    cases: Rows
    times: Rows
    is_strong: Mask
    is_amazed: Mask
    has_complained: Mask


def _read_messages(moments: pa.RecordBatch, cases: pa.RecordBatch, customers: pa.Array) -> _Messages:
    """Turn sorted moments into numbers."""
    owners, times = number_owners(moments["customer_key"], customers), to_micros(moments["sent_at"])
    known_cases = pc.unique(moments["case_id"])
    pairs = owners * max(len(known_cases), 1) + number_owners(moments["case_id"], known_cases)
    distinct, numbers = np.unique(pairs, return_inverse=True)
    is_amazed, is_uncertain = (is_value(moments["state"], state) for state in ("amazement", "uncertainty"))

    first_uncertain = np.full(len(distinct), len(numbers))
    np.minimum.at(first_uncertain, numbers[is_uncertain], np.flatnonzero(is_uncertain))
    has_complained = first_uncertain[numbers] < np.arange(len(numbers))

    # A source that holds complaints only knows of them without a message in uncertainty.
    owned = number_owners(cases["customer_key"], customers)
    numbered = number_owners(cases["case_id"], known_cases)
    told = np.flatnonzero(is_known(cases["complained_at"]) & (owned != NO_ROW) & (numbered != NO_ROW))
    place = number_owners(
        pa.array(owned[told] * max(len(known_cases), 1) + numbered[told]), pa.array(distinct)
    )
    complained_at = np.full(len(distinct) + 1, _NEVER)  # the last entry takes what nobody here wrote in
    complained_at[place] = to_micros(cases["complained_at"])[told]
    has_complained |= complained_at[numbers] < times
    return _Messages(owners, numbers, times, is_amazed | is_uncertain, is_amazed, has_complained)


def _find_changes(messages: _Messages) -> Rows:
    """The messages that change their customer's state.

    Of the messages of one instant the last that is not neutral counts, so that no spell but a customer's
    first is empty.
    """
    strong = np.flatnonzero(messages.is_strong)
    owners, times = messages.owners[strong], messages.times[strong]
    is_last = np.ones(len(strong), bool)
    is_last[:-1] = (owners[1:] != owners[:-1]) | (times[1:] != times[:-1])
    strong = strong[is_last]
    owners, is_amazed = messages.owners[strong], messages.is_amazed[strong]
    was_amazed = np.zeros(len(strong), bool)
    was_amazed[1:] = is_amazed[:-1] & (owners[1:] == owners[:-1])
    return strong[is_amazed != was_amazed]


def _explain_changes(messages: _Messages, changes: Rows) -> Rows:
    """Why each change came about, as a number of ENTRY_REASONS."""
    # States alternate, so a change to uncertainty follows the change to amazement just before it.
    is_same_case = np.zeros(len(changes), bool)
    is_same_case[1:] = messages.cases[changes[1:]] == messages.cases[changes[:-1]]
    praised = np.where(messages.has_complained[changes], _RECOVERED, _PRAISE)
    complained = np.where(is_same_case, _RELAPSE, _COMPLAINT)
    return np.where(messages.is_amazed[changes], praised, complained)


def _find_starts(messages: _Messages, since: pa.Array, until: int) -> tuple[Rows, Rows]:
    """When each customer's first spell begins, and the message that it begins with (-1: none).

    Customers who never wrote and who came after the end of the data have none: `_NEVER`.
    """
    first = np.full(len(since), NO_ROW)
    first[messages.owners[::-1]] = np.arange(len(messages.owners))[::-1]
    wrote_at = np.where(first == NO_ROW, _NEVER, np.append(messages.times, _NEVER)[first])
    came_at = np.where(is_known(since), to_micros(since), _NEVER)
    started = np.minimum(came_at, wrote_at)
    started[(first == NO_ROW) & (started > until)] = _NEVER
    return started, np.where(came_at <= wrote_at, NO_ROW, first)


def _count_complaints(cases: pa.RecordBatch, customers: pa.Array, owners: Rows, started: Rows) -> Rows:
    """Complaints opened in each spell; those from before a customer's first spell count in it."""
    complained = number_owners(cases["customer_key"], customers)[is_true(cases["is_complaint"])]
    opened = to_micros(cases["opened_at"])[is_true(cases["is_complaint"])]
    spells = sort_timeline(owners, started)
    first = np.searchsorted(owners, complained)
    has_spell = (complained != NO_ROW) & (first < len(owners))
    has_spell[has_spell] = owners[first[has_spell]] == complained[has_spell]
    spell = np.maximum(spells.count_until(complained, opened) - 1, first)
    return np.bincount(spell[has_spell], minlength=len(owners))


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
    known = profiles.take(pc.sort_indices(profiles, sort_keys=_BY_AGE))
    customers = pc.unique(pa.concat_arrays([moments["customer_key"], known["customer_id"]]))
    customers = customers.take(pc.sort_indices(customers))
    profile = pc.index_in(customers, value_set=known["customer_id"])
    messages = _read_messages(moments, cases, customers)
    if messages.times.max(initial=0) > end:
        raise ContractError(
            f"table journeys: a message is later than the end of the data, {until.isoformat()}"
        )

    started, opener = _find_starts(messages, known["since"].take(profile), end)
    changes, beginners = _find_changes(messages), np.flatnonzero(started != _NEVER)
    rows = np.concatenate((opener[beginners], changes))
    owners = np.concatenate((beginners, messages.owners[changes]))
    starts = np.concatenate((started[beginners], messages.times[changes]))
    reasons = np.concatenate((np.full(len(beginners), _NEW), _explain_changes(messages, changes)))
    # Stable: a first spell stands before a change of the same instant.
    order = np.lexsort((starts, owners))
    rows, owners, starts, reasons = rows[order], owners[order], starts[order], reasons[order]

    number = rank_rows(find_segments(pa.array(owners)))
    is_last = np.ones(len(owners), bool)
    is_last[:-1] = owners[1:] != owners[:-1]
    ended = np.append(starts[1:], end)[: len(starts)]
    columns = {
        "customer_key": customers.take(pa.array(owners)),
        "spell_number": pa.array(number + 1),
        "state": pa.array(SPELL_STATES, TEXT).take(pa.array(number % 2)),  # they alternate from uncertainty
        "started_at": from_micros(starts, known=np.ones(len(starts), bool)),
        "ended_at": from_micros(ended, known=~is_last),
        "days": pa.array((np.where(is_last, end, ended) - starts) / DAY_US),
        "is_censored": pa.array(is_last),
        "entry_reason": pa.array(list(ENTRY_REASONS), TEXT).take(pa.array(reasons)),
        "case_id": take_rows(moments["case_id"], rows),
        "segment": known["segment"].take(profile).take(pa.array(owners)),
        "complaints": pa.array(_count_complaints(cases, customers, owners, starts)),
    }
    return pa.RecordBatch.from_arrays(
        [columns[name] for name in JOURNEYS.schema.names], schema=JOURNEYS.schema
    )

"""Describe a case: whose it is, where it took place and what it is about."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arithmetic.arrays import (
    Mask,
    Rows,
    first_row,
    from_micros,
    is_known,
    last_row,
    take_rows,
)
from schemas.types import TEXT, TEXTS
from transforms.build_cases.conversation import Conversations
from transforms.build_cases.history import History

_DAY_US = 86_400_000_000


def describe_cases(talk: Conversations, teams: History, priorities: History) -> dict[str, pa.Array]:
    """Give the columns from `case_id` to `severity`."""
    return {
        "case_id": talk.case_ids,
        "customer_key": _find_customers(talk),
        "channel": talk.take("channel", talk.cases.starts),
        "channels": list_channels(talk),
        "lang": _first_known(talk, "lang", talk.is_customer),
        "touchpoint": _first_known(talk, "touchpoint"),
        "team": _last_team(talk, teams),
        "priority": _opening_priority(talk, priorities),
        "severity": _first_known(talk, "severity"),
    }


def describe_opening(talk: Conversations, *, window_days: int, every_case_is_a_complaint: bool) -> dict[str, pa.Array]:
    """Give `opened_at`, `opened_by`, `is_complaint`, `complained_at` and `landmark_at`."""
    always = np.ones(len(talk.cases), dtype=np.bool_)
    first_uncertain = first_row(talk.cases, talk.is_uncertain)
    is_complaint = always if every_case_is_a_complaint else first_uncertain >= 0
    complained = talk.opened if every_case_is_a_complaint else talk.sent[first_uncertain]
    return {
        "opened_at": from_micros(talk.opened, known=always),
        # Notes are written by employees, so a case of nothing but notes was opened by one.
        "opened_by": pc.fill_null(talk.take("role", talk.opener), "agent"),
        "is_complaint": pa.array(is_complaint),
        "complained_at": from_micros(complained, known=is_complaint),
        "landmark_at": from_micros(talk.opened + window_days * _DAY_US, known=always),
    }


def list_channels(talk: Conversations) -> pa.ListArray:
    """All channels of each case, sorted, without nulls."""
    encoded = talk.messages.column("channel").dictionary_encode()
    order = pc.sort_indices(encoded.dictionary)
    names = encoded.dictionary.take(order).cast(TEXT)
    places = np.argsort(order.to_numpy()).astype(np.int64)
    rows = np.flatnonzero(is_known(encoded.indices))
    codes = places[encoded.indices.take(pa.array(rows)).to_numpy()]
    pairs = talk.cases.ids[rows] * max(len(names), 1) + codes
    # Most messages come on the channel of the one before; dropping them first makes the sort small.
    pairs = np.sort(pairs[np.diff(pairs, prepend=-1) != 0])
    pairs = pairs[np.diff(pairs, prepend=-1) != 0]
    counts = np.bincount(pairs // max(len(names), 1), minlength=len(talk.cases))
    offsets = np.append(0, np.cumsum(counts)).astype(np.int32)
    chosen = names.take(pa.array(pairs % max(len(names), 1)))
    return pa.ListArray.from_arrays(offsets, chosen, type=TEXTS)


def _find_customers(talk: Conversations) -> pa.Array:
    """The author of the first customer message that names one, else whom any message is for."""
    author = _first_known(talk, "customer_key", talk.is_customer)
    return pc.coalesce(author, _first_known(talk, "customer_key")) if author.null_count else author


def _first_known(talk: Conversations, name: str, mask: Mask | None = None) -> pa.Array:
    """The first value of the column that is not null, among the rows of the mask."""
    known = is_known(talk.messages.column(name))
    return talk.take(name, first_row(talk.cases, known if mask is None else known & mask))


def _last_team(talk: Conversations, teams: History) -> pa.Array:
    """The last team that either source names; at the same time the history's."""
    known = teams.known()
    said = last_row(talk.cases, is_known(talk.messages.column("team")))
    changed = known.last_rows(len(talk.cases))
    by_history = _is_from_history(talk.sent, said, known.changed, changed)
    return _choose(by_history, take_rows(known.values, changed), talk.take("team", said))


def _opening_priority(talk: Conversations, priorities: History) -> pa.Array:
    """The priority when the case was opened: the history's last until then, else that of the first messages.

    A priority set later says how the case was handled, and not how it began.
    """
    opened = talk.opened
    at_opening = (talk.sent == opened[talk.cases.ids]) & is_known(talk.messages.column("priority"))
    until = priorities.keep(priorities.changed <= opened[priorities.cases])
    changed = until.last_rows(len(talk.cases))
    said = talk.take("priority", last_row(talk.cases, at_opening))
    return _choose(changed >= 0, take_rows(until.values, changed), said)


def _is_from_history(sent: Rows, said: Rows, changed: Rows, entries: Rows) -> Mask:
    is_later = np.zeros(len(said), dtype=np.bool_)
    both = (said >= 0) & (entries >= 0)
    is_later[both] = changed[entries[both]] >= sent[said[both]]
    return is_later | ((entries >= 0) & (said < 0))


def _choose(mask: Mask, left: pa.Array, right: pa.Array) -> pa.Array:
    return pc.if_else(pa.array(mask), left, right) if mask.any() else right

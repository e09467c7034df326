"""Count the work of a case: messages, replies, repeated contacts, hand-offs, minutes."""

import numpy as np
import pyarrow as pa

from schemas.arithmetic.arrays import (
    SECOND_US,
    Mask,
    Rows,
    any_row,
    count_rows,
    is_known,
    is_value,
    next_row,
    previous_row,
    sum_rows,
)
from transforms.build_cases.conversation import Conversations
from transforms.build_cases.history import History, count_switches

_REPEATED_AFTER_US = 3600 * SECOND_US


def count_work(talk: Conversations, assignees: History) -> dict[str, pa.Array]:
    """Give the columns from `customer_messages` to `agent_minutes`, without `reopenings`."""
    masks = {
        "customer_messages": talk.is_customer,
        "agent_messages": talk.is_agent,
        "internal_notes": is_value(talk.messages.column("role"), "internal"),
        "replies": find_replies(talk),
        "repeated_contacts": find_repeated_contacts(talk),
    }
    counts = {name: pa.array(count_rows(talk.cases, mask)) for name, mask in masks.items()}
    return counts | {
        "hand_offs": pa.array(_count_hand_offs(talk, assignees.known())),
        "agent_minutes": _add_minutes(talk),
    }


def find_replies(talk: Conversations) -> Mask:
    """Where a reply begins: an agent's message after a customer's, with no more than notes between."""
    rows = np.flatnonzero(talk.is_customer | talk.is_agent)
    cases, by_customer = talk.cases.ids[rows], talk.is_customer[rows]
    begins = ~by_customer[1:] & by_customer[:-1] & (cases[1:] == cases[:-1])
    is_reply = np.zeros(len(talk.sent), dtype=np.bool_)
    is_reply[rows[1:][begins]] = True
    return is_reply


def find_repeated_contacts(talk: Conversations) -> Mask:
    """Customer messages sent an hour or more after the first that is still unanswered."""
    following = next_row(talk.cases, talk.is_customer)
    asking = np.flatnonzero(talk.is_customer)
    answered = previous_row(talk.cases, talk.is_agent)[asking]
    waiting = np.where(answered >= 0, following[answered], talk.first_customer[talk.cases.ids[asking]])
    is_repeated = np.zeros(len(talk.sent), dtype=np.bool_)
    is_repeated[asking] = talk.sent[asking] - talk.sent[waiting] >= _REPEATED_AFTER_US
    return is_repeated


def _count_hand_offs(talk: Conversations, assignees: History) -> Rows:
    """By the assignee's history where a case has one, else by who writes."""
    size = len(talk.cases)
    agents = talk.messages.column("agent_key")
    rows = np.flatnonzero(talk.is_agent & is_known(agents))
    by_writer = count_switches(talk.cases.ids[rows], agents.take(pa.array(rows)), size)
    by_history = count_switches(assignees.cases, assignees.values, size)
    return np.where(np.isin(np.arange(size), assignees.cases), by_history, by_writer)


def _add_minutes(talk: Conversations) -> pa.Array:
    minutes = talk.messages.column("agent_minutes")
    known = is_known(minutes)
    added = sum_rows(talk.cases, np.where(known, minutes.to_numpy(zero_copy_only=False), 0.0))
    return pa.array(added, mask=~any_row(talk.cases, known))

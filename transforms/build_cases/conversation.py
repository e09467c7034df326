"""Conversations: the sorted messages of whole cases, and the few facts that all parts are built from."""

from dataclasses import dataclass

import pyarrow as pa

from schemas.arithmetic.arrays import (
    Mask,
    Rows,
    Segments,
    any_row,
    find_segments,
    find_words,
    first_row,
    is_known,
    is_value,
    sort_rows,
    take_rows,
    to_micros,
)
from schemas.labels import STEPS
from schemas.messages import MESSAGES


@dataclass(frozen=True, eq=False)
class Conversations:
    """The messages of whole cases, in the order of `MESSAGES`.

    Attributes:
        messages: The batch itself.
        cases: Where each case stands in it.
        sent: When each message was sent, microseconds since 1970 (UTC).
        is_customer: The message is a customer's.
        is_agent: The message is an agent's; notes and automatic messages are neither.
        is_answer: An agent's message after the first customer message of the case.
        is_uncertain: A customer's message in uncertainty.
        shows: For each step, the answers that show it.
        case_ids: The id of each case.
        opened: When each case was opened, microseconds since 1970 (UTC).
        opener: Row of the first message of each case that is not a note, else -1.
        first_customer: Row of the first customer message of each case, else -1.
    """

    messages: pa.RecordBatch
    cases: Segments
    sent: Rows
    is_customer: Mask
    is_agent: Mask
    is_answer: Mask
    is_uncertain: Mask
    shows: dict[str, Mask]
    case_ids: pa.Array
    opened: Rows
    opener: Rows
    first_customer: Rows

    def take(self, name: str, rows: Rows) -> pa.Array:
        """A message column at the rows."""
        return take_rows(self.messages.column(name), rows)

    @property
    def is_waiting(self) -> Mask:
        """Cases in which a customer waits for an answer: one wrote, and no agent opened it."""
        # A case without an opener holds nothing but notes, and so no customer's message either.
        return (self.first_customer >= 0) & ~self.is_agent[self.opener]

    @property
    def is_answered_unseen(self) -> Mask:
        """Cases answered outside of the export: a company's response, and no agent's message."""
        responded = is_known(self.messages.column("company_response"))
        return any_row(self.cases, responded) & ~any_row(self.cases, self.is_agent)


def read_conversations(messages: pa.RecordBatch) -> Conversations:
    """Cut labelled messages into cases.

    Args:
        messages: Columns of `MESSAGES`; all messages of each case, in any order.
    """
    messages = sort_rows(messages, MESSAGES.key)
    cases = find_segments(messages.column("case_id"))
    is_customer = is_value(messages.column("role"), "customer")
    is_agent = is_value(messages.column("role"), "agent")
    first_customer = first_row(cases, is_customer)
    is_answer = is_agent.copy()
    is_answer[is_agent] = _is_after_customer(cases, first_customer, is_agent)
    is_note = is_value(messages.column("role"), "internal")
    steps = find_words(messages.column("steps"), STEPS)
    sent = to_micros(messages.column("sent_at"))
    return Conversations(
        messages=messages,
        cases=cases,
        sent=sent,
        is_customer=is_customer,
        is_agent=is_agent,
        is_answer=is_answer,
        is_uncertain=is_customer & is_value(messages.column("state"), "uncertainty"),
        shows={step: mask & is_answer for step, mask in steps.items()},
        case_ids=messages.column("case_id").take(pa.array(cases.starts)),
        opened=sent[cases.starts],
        opener=first_row(cases, ~is_note),
        first_customer=first_customer,
    )


def _is_after_customer(cases: Segments, first_customer: Rows, is_agent: Mask) -> Mask:
    """For the agents' rows alone: whether the customer had written before."""
    rows = is_agent.nonzero()[0]
    first = first_customer[cases.ids[rows]]
    return (first >= 0) & (rows > first)

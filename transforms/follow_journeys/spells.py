"""Spells: when a customer's state begins, and why."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from schemas.arithmetic.arrays import NO_ROW, Mask, Rows, is_known, to_micros
from schemas.journeys import ENTRY_REASONS
from transforms.follow_journeys.messages import Messages

_NEVER = np.iinfo(np.int64).max
_NEW, _COMPLAINT, _RELAPSE, _RECOVERED, _PRAISE = range(len(ENTRY_REASONS))


@dataclass(frozen=True, eq=False)
class Spells:
    """The spells of all customers, in order; those of a customer alternate, beginning with uncertainty.

    Attributes:
        owners: The customer, a number from 0.
        openers: Row of the message that it began with, -1: it began with the customer.
        started: When it began, microseconds since 1970 (UTC).
        reasons: Why, the place in ENTRY_REASONS.
    """

    owners: Rows
    openers: Rows
    started: Rows
    reasons: Rows

    @property
    def is_last(self) -> Mask:
        """No other spell of the customer follows."""
        is_last = np.ones(len(self.owners), bool)
        is_last[:-1] = self.owners[1:] != self.owners[:-1]
        return is_last


def find_spells(messages: Messages, since: pa.Array, until: int) -> Spells:
    """Find where the spells begin.

    Args:
        messages: The messages of all customers.
        since: When each customer became one.
        until: End of the data, microseconds since 1970 (UTC).
    """
    started, openers = _find_starts(messages, since, until)
    changes, beginners = _find_changes(messages), np.flatnonzero(started != _NEVER)
    columns = (
        np.concatenate((beginners, messages.owners[changes])),
        np.concatenate((openers[beginners], changes)),
        np.concatenate((started[beginners], messages.times[changes])),
        np.concatenate((np.full(len(beginners), _NEW), _explain_changes(messages, changes))),
    )
    # The sort is stable, so a first spell stands before a change of the same instant.
    order = np.lexsort((columns[2], columns[0]))
    return Spells(*(column[order] for column in columns))


def _find_changes(messages: Messages) -> Rows:
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


def _explain_changes(messages: Messages, changes: Rows) -> Rows:
    """Why each change came about, as a number of ENTRY_REASONS."""
    # States alternate, so a change to uncertainty follows the change to amazement just before it.
    is_same_case = np.zeros(len(changes), bool)
    is_same_case[1:] = messages.cases[changes[1:]] == messages.cases[changes[:-1]]
    praised = np.where(messages.has_complained[changes], _RECOVERED, _PRAISE)
    complained = np.where(is_same_case, _RELAPSE, _COMPLAINT)
    return np.where(messages.is_amazed[changes], praised, complained)


def _find_starts(messages: Messages, since: pa.Array, until: int) -> tuple[Rows, Rows]:
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

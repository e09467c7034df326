"""Messages: what each shows, and whether its writer had complained in the case before."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arithmetic.arrays import NO_ROW, Mask, Rows, is_known, is_value, to_micros
from schemas.arithmetic.timelines import number_owners

_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Messages:
    """The customers' labelled messages, in order of customer, time, case and message.

    Attributes:
        owners: The customer, a number from 0.
        cases: The case, a number from 0; the same case has a number of its own for each customer.
        times: When, in microseconds since 1970 (UTC).
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


def read_messages(moments: pa.RecordBatch, cases: pa.RecordBatch, customers: pa.Array) -> Messages:
    """Turn moments, sorted by their key, into numbers."""
    owners, times = number_owners(moments["customer_key"], customers), to_micros(moments["sent_at"])
    case_ids = pc.unique(moments["case_id"])
    pairs = _pair(owners, number_owners(moments["case_id"], case_ids), case_ids)
    distinct, numbers = np.unique(pairs, return_inverse=True)
    is_amazed, is_uncertain = (is_value(moments["state"], state) for state in ("amazement", "uncertainty"))

    first_uncertain = np.full(len(distinct), len(numbers))
    np.minimum.at(first_uncertain, numbers[is_uncertain], np.flatnonzero(is_uncertain))
    has_complained = first_uncertain[numbers] < np.arange(len(numbers))
    has_complained |= _date_complaints(cases, customers, case_ids, distinct)[numbers] < times
    return Messages(owners, numbers, times, is_amazed | is_uncertain, is_amazed, has_complained)


def _pair(owners: Rows, cases: Rows, case_ids: pa.Array) -> Rows:
    """Customer and case as one number."""
    return owners * max(len(case_ids), 1) + cases


def _date_complaints(cases: pa.RecordBatch, customers: pa.Array, case_ids: pa.Array, distinct: Rows) -> Rows:
    """When the complaint of each pair of customer and case was made, by the case; `_NEVER` where it was not.

    A source that holds complaints only knows of them without a message in uncertainty.
    """
    owners = number_owners(cases["customer_key"], customers)
    numbers = number_owners(cases["case_id"], case_ids)
    rows = np.flatnonzero(is_known(cases["complained_at"]) & (owners != NO_ROW) & (numbers != NO_ROW))
    place = number_owners(pa.array(_pair(owners[rows], numbers[rows], case_ids)), pa.array(distinct))
    complained = np.full(len(distinct) + 1, _NEVER)  # the last entry takes the cases that nobody here wrote in
    complained[place] = to_micros(cases["complained_at"])[rows]
    return complained[:-1]

"""Loyalty events: orders, renewals, visits and cancellations."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demo.draw_customers import COMPLAINTS, HISTORY_DAYS, Customers
from demo.follow_outcomes import Followed
from demo.name_ids import format_times, name_customers, name_rows
from demo.types import DAY, NEVER, Floats, Ints, Texts

EVENT_COLUMNS = ("event_id", "customer_id", "kind", "occurred_at", "amount")
_KINDS = ("order", "renewal", "visit")
_KIND_SHARE = (0.7, 0.1, 0.2)
_DAYS_BETWEEN = np.array([90.0, 45.0, 25.0])  # mean days between two events, by segment
_AMOUNT = np.array([25.0, 45.0, 90.0])  # median, by segment


@dataclass(frozen=True)
class _Happenings:
    customer: Ints
    time: Floats


def draw_events(
    customers: Customers, followed: Followed, until: float, chunk: int, rng: np.random.Generator
) -> pa.RecordBatch:
    """Write the events up to the end of the exports, ordered by time.

    Before the first complaint events follow one rate by segment, whatever the recovery will be; from a
    complaint until the customer comes back there are none; after it the rate is the same again.
    """
    buyer, time, kind = _gather(followed, _draw_streams(customers, followed, until, rng), until, rng)
    amount = np.round(_AMOUNT[customers.segment[buyer]] * rng.lognormal(0.0, 0.5, len(buyer)), 2)
    is_paid = pa.array(np.isin(kind, ("order", "renewal")))
    events = pa.table(
        {
            "event_id": name_rows("E-", chunk, len(buyer)),
            "customer_id": name_customers(customers.number[buyer]),
            "kind": pa.array(kind, pa.string()),
            "occurred_at": format_times(time),
            "amount": pc.if_else(is_paid, pc.cast(pa.array(amount), pa.string()), None),
        }
    ).select(EVENT_COLUMNS)
    return pa.RecordBatch.from_struct_array(events.to_struct_array().combine_chunks())


def _gather(
    followed: Followed, streams: _Happenings, until: float, rng: np.random.Generator
) -> tuple[Ints, Floats, Texts]:
    """Customer, time and kind of returns, streams and cancellations, ordered by time and customer."""
    returns = _returns(followed, until)
    left = np.nonzero(followed.cancelled_at < until)[0]
    customer = np.concatenate([returns.customer, streams.customer, left])
    time = np.concatenate([returns.time, streams.time, followed.cancelled_at[left]])
    kind = np.array(_KINDS, dtype=object)[rng.choice(len(_KINDS), len(customer), p=_KIND_SHARE)]
    kind[len(customer) - len(left) :] = "cancellation"
    order = np.lexsort((customer, time))
    return customer[order], time[order], kind[order]


def _returns(followed: Followed, until: float) -> _Happenings:
    customer, complaint = np.nonzero(followed.returned_at < until)
    return _Happenings(customer, followed.returned_at[customer, complaint])


def _draw_streams(customers: Customers, followed: Followed, until: float, rng: np.random.Generator) -> _Happenings:
    """Events at the customer's own rate: before the first complaint, and after each return."""
    n = len(customers.number)
    born = np.maximum(customers.since, until - HISTORY_DAYS * DAY)
    first_stop = np.minimum(customers.leaves_at, customers.opened[:, 0])
    starts = np.column_stack([born, followed.returned_at]).ravel()
    ends = np.column_stack([first_stop, followed.ends_at]).ravel()
    customer = np.repeat(np.arange(n), COMPLAINTS + 1)
    starts = np.where(starts < until, starts, NEVER)
    is_open = np.isfinite(starts)
    starts, ends, customer = starts[is_open], np.minimum(ends, until)[is_open], customer[is_open]
    length = np.maximum(ends - starts - 2, 0)
    count = rng.poisson(length / DAY / _DAYS_BETWEEN[customers.segment[customer]])
    place = rng.random(count.sum())
    time = np.floor(np.repeat(starts, count) + 1 + place * np.repeat(length, count))
    return _Happenings(np.repeat(customer, count), time)

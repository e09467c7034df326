"""Acts: who left, came back, bought, paid and complained again, within days after the landmark."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arithmetic.arrays import NO_ROW, Mask, Rows, is_true, is_value, to_micros
from schemas.arithmetic.timelines import DAY_US, number_owners, sort_timeline
from schemas.check_batch import one_batch
from schemas.errors import InputError
from schemas.events import EVENT_KINDS
from schemas.policy import HORIZONS_DAYS
from transforms.measure_outcomes.anchors import Anchors

PLACEBO_DAYS = 90
# No currency of ISO 4217 has more than four decimals, so money adds up exactly in this unit.
_MONEY_UNITS = 10_000
_MONEY_LIMIT = 9e14  # of a shard; what int64 holds in that unit


@dataclass(frozen=True)
class Span:
    """What an export covers, in microseconds since 1970 (UTC); `first` after `last`: nothing."""

    first: int
    last: int


def measure_acts(
    anchors: Anchors, cases: pa.RecordBatch, events: pa.RecordBatch, *, span: Span, messages_until: int
) -> dict[str, pa.Array]:
    """Give `left_before_landmark`, `purchases_before_90` and the five outcomes over each horizon.

    All outcomes have one set of cases at risk: customers who are known not to have left before the
    landmark, or of whom nothing tells whether they did.
    """
    events = drop_copies(events)
    owners = number_owners(events["customer_id"], anchors.customers)
    timeline = sort_timeline(owners, to_micros(events["occurred_at"]))
    totals = {name: timeline.add_up(values) for name, values in _count_events(events).items()}
    purchases, cancellations = totals["purchases"], totals["cancellations"]
    returns, money = totals["returns"], totals["money"]

    at_opening = timeline.count_until(anchors.owners, anchors.opened - 1)
    at_landmark = timeline.count_until(anchors.owners, anchors.landmark)
    is_covered = anchors.is_owned & (anchors.opened >= span.first)
    # That a customer left is known once it happened; that they did not, only at the landmark.
    has_left = is_covered & (cancellations[at_landmark] > cancellations[at_opening])
    is_settled = is_covered & (has_left | (anchors.landmark <= span.last))
    before = anchors.opened - PLACEBO_DAYS * DAY_US
    bought_before = purchases[at_opening] - purchases[timeline.count_until(anchors.owners, before - 1)]
    is_past_covered = anchors.is_owned & (before >= span.first) & (anchors.opened <= span.last)
    columns = {
        "left_before_landmark": pa.array(has_left, mask=~is_settled),
        "purchases_before_90": pa.array(bought_before, mask=~is_past_covered),
    }
    for days in HORIZONS_DAYS:
        end = anchors.landmark + days * DAY_US
        at_end = timeline.count_until(anchors.owners, end)
        unknown = ~is_covered | has_left | (end > span.last)
        revenue = (money[at_end] - money[at_landmark]) / _MONEY_UNITS
        columns |= {
            f"came_back_{days}": pa.array(returns[at_end] > returns[at_landmark], mask=unknown),
            f"purchases_{days}": pa.array(purchases[at_end] - purchases[at_landmark], mask=unknown),
            f"revenue_{days}": pa.array(revenue, mask=unknown),
            f"churned_{days}": pa.array(cancellations[at_end] > cancellations[at_landmark], mask=unknown),
        }
    return columns | _measure_complaints(anchors, cases, has_left, messages_until)


def drop_copies(events: pa.RecordBatch) -> pa.RecordBatch:
    """Keep one of the rows that agree in every column: exports of two nights overlap, and would count twice."""
    distinct = pa.table(events).group_by(events.schema.names, use_threads=False).aggregate([])
    return one_batch(distinct.to_batches(), events.schema)


def _count_events(events: pa.RecordBatch) -> dict[str, Rows | Mask]:
    """What each event counts for; money in units that add up exactly, in any order of the rows."""
    is_kind = {kind: is_value(events["kind"], kind) for kind in EVENT_KINDS}
    is_purchase = is_kind["order"] | is_kind["renewal"]
    money = pc.fill_null(events["amount"], 0.0).to_numpy()
    if not np.abs(money).sum() < _MONEY_LIMIT:  # true of what is not a number, too
        raise InputError(
            f"events, column amount: the values are not numbers that add up to less than {_MONEY_LIMIT:g}; "
            "correct them in the export, or leave them empty"
        )
    return {
        "purchases": is_purchase,
        "returns": is_purchase | is_kind["visit"],
        "cancellations": is_kind["cancellation"],
        "money": np.rint(money * _MONEY_UNITS).astype(np.int64),
    }


def _measure_complaints(
    anchors: Anchors, cases: pa.RecordBatch, has_left: Mask, messages_until: int
) -> dict[str, pa.Array]:
    """Whether another complaint was opened within each horizon."""
    timeline = sort_timeline(np.where(is_true(cases["is_complaint"]), anchors.owners, NO_ROW), anchors.opened)
    at_landmark = timeline.count_until(anchors.owners, anchors.landmark)
    columns = {}
    for days in HORIZONS_DAYS:
        end = anchors.landmark + days * DAY_US
        has_complained = timeline.count_until(anchors.owners, end) > at_landmark
        unknown = ~anchors.is_owned | has_left | (end > messages_until)
        columns[f"complained_again_{days}"] = pa.array(has_complained, mask=unknown)
    return columns

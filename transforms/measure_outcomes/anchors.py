"""Anchors: whose the cases are, and the times that the outcomes are counted from."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from schemas.arithmetic.arrays import NO_ROW, Mask, Rows, to_micros
from schemas.arithmetic.timelines import number_owners


@dataclass(frozen=True, eq=False)
class Anchors:
    """One entry per case, in the order of the batch.

    Attributes:
        customers: The customers who have cases.
        owners: The case's customer, a number in `customers`; -1: not known.
        opened: Opening of the case, microseconds since 1970 (UTC).
        landmark: Its landmark.
    """

    customers: pa.Array
    owners: Rows
    opened: Rows
    landmark: Rows

    @property
    def is_owned(self) -> Mask:
        """The case's customer is known."""
        return self.owners != NO_ROW


def anchor_cases(cases: pa.RecordBatch) -> Anchors:
    """Read the anchors of cases: customer_key, opened_at, landmark_at."""
    customers = pc.unique(cases["customer_key"].drop_null())
    owners = number_owners(cases["customer_key"], customers)
    return Anchors(customers, owners, to_micros(cases["opened_at"]), to_micros(cases["landmark_at"]))

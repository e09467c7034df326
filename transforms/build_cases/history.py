"""Histories: what happened to the cases beside their messages, field by field."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arithmetic.arrays import Mask, Rows, Segments, find_segments, is_known, is_value, to_micros
from schemas.case_changes import FIELDS


@dataclass(frozen=True, eq=False)
class History:
    """The values that one field of the cases took, in order of case, time and value (null first).

    Attributes:
        cases: The case of each value, as its number among the cases.
        changed: When the field took it, microseconds since 1970 (UTC).
        values: The value; null where the field was emptied.
    """

    cases: Rows
    changed: Rows
    values: pa.Array

    def keep(self, mask: Mask) -> "History":
        """The entries where the mask holds."""
        return History(self.cases[mask], self.changed[mask], self.values.filter(pa.array(mask)))

    def known(self) -> "History":
        """Without the entries that emptied the field."""
        return self.keep(is_known(self.values)) if self.values.null_count else self

    def segments(self) -> Segments:
        """The entries of each case that has any."""
        return find_segments(pa.array(self.cases))

    def last_rows(self, cases: int) -> Rows:
        """The last entry of each of so many cases, else -1."""
        rows = np.full(cases, -1, dtype=np.int64)
        segments = self.segments()
        rows[self.cases[segments.starts]] = segments.ends - 1
        return rows


def read_histories(changes: pa.RecordBatch, case_ids: pa.Array, until: int) -> dict[str, History]:
    """Take the changes of cases apart, field by field; other cases and later changes are passed over.

    Args:
        changes: case_id, changed_at, field, value of `CASE_CHANGES`, in any order.
        case_ids: The cases.
        until: The end of the run date, microseconds since 1970 (UTC).

    Returns:
        A history for each of `FIELDS`.
    """
    cases = pc.fill_null(pc.index_in(changes.column("case_id"), case_ids), -1).to_numpy().astype(np.int64)
    changed = to_micros(changes.column("changed_at"))
    entries = History(cases, changed, changes.column("value"))
    is_ours = (cases >= 0) & (changed <= until)
    of_field = {field: is_ours & is_value(changes.column("field"), field) for field in FIELDS}
    return {field: _sort(entries.keep(mask)) for field, mask in of_field.items()}


def count_switches(cases: Rows, values: pa.Array, size: int) -> Rows:
    """How often the value changes in each of `size` cases; rows of a case in order, no nulls."""
    runs = find_segments(pa.array(cases), values)
    return np.maximum(np.bincount(cases[runs.starts], minlength=size) - 1, 0)


def _sort(history: History) -> History:
    order = np.lexsort((_rank(history.values), history.changed, history.cases))
    return History(history.cases[order], history.changed[order], history.values.take(pa.array(order)))


def _rank(values: pa.Array) -> Rows:
    """Order of the values by their text, null as -1."""
    encoded = values.dictionary_encode()
    places = np.argsort(pc.sort_indices(encoded.dictionary).to_numpy()).astype(np.int64)
    codes = pc.fill_null(encoded.indices, -1).to_numpy()
    return np.append(places, -1)[codes]

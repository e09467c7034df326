"""Dirty rows: about one in a hundred, added to the good ones, whose truth therefore stays exact."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demo.types import Ints

MESSAGE_FAULT_SHARE = 0.012
EVENT_FAULT_SHARE = 0.004
# Reason -> the column that is spoiled and what then stands in it; None is nothing.
_MESSAGE_FAULTS: dict[str, tuple[str, str | None]] = {
    "missing_text": ("text", None),
    "bad_time": ("sent_at", "2026-02-30T25:61:00Z"),
    "unknown_role": ("role", "partner"),
    "not_text": ("text", "\x00\x01\x02 scan0001.tif \x00\x00"),
    "missing_id": ("message_id", None),
    "unknown_value": ("status", "escalated"),
    "bad_number": ("agent_minutes", "twelve"),
}
_EVENT_FAULTS: dict[str, tuple[str, str | None]] = {
    "bad_time": ("occurred_at", "yesterday"),
    "bad_number": ("amount", "EUR 12,-"),
}
DUPLICATE, BROKEN = "duplicate_id", "unparsable_line"


@dataclass(frozen=True)
class Dirty:
    """Rows with faults among them.

    Attributes:
        rows: Good rows and spoiled ones.
        breaks: Positions in `rows` before which a broken line stands; it is no row.
        rejected: Number of bad rows by reason, broken lines included.
    """

    rows: pa.RecordBatch
    breaks: Ints
    rejected: Counter[str] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        """All rows of the file part: good, spoiled and broken."""
        return self.rows.num_rows + len(self.breaks)


def spoil_messages(messages: pa.RecordBatch, rng: np.random.Generator) -> Dirty:
    """Add bad copies of messages, exact duplicates and broken lines, evenly over the reasons."""
    faults = {reason: fault for reason, fault in _MESSAGE_FAULTS.items() if fault[0] in messages.schema.names}
    reasons = [DUPLICATE, BROKEN, *faults]
    return _spoil(messages, faults, reasons, MESSAGE_FAULT_SHARE, "message_id", rng)


def spoil_events(events: pa.RecordBatch, rng: np.random.Generator) -> Dirty:
    """Add bad copies of events."""
    return _spoil(events, _EVENT_FAULTS, list(_EVENT_FAULTS), EVENT_FAULT_SHARE, "event_id", rng)


def _spoil(
    rows: pa.RecordBatch,
    faults: dict[str, tuple[str, str | None]],
    reasons: list[str],
    share: float,
    id_column: str,
    rng: np.random.Generator,
) -> Dirty:
    total = round(rows.num_rows * share)
    chosen = rng.choice(rows.num_rows, total, replace=False)
    parts, places, rejected = [rows], [np.arange(rows.num_rows, dtype=float)], Counter[str]()
    breaks = np.zeros(0)
    for number, reason in enumerate(reasons):
        sources = np.sort(chosen[number :: len(reasons)])
        if not len(sources):
            continue
        rejected[reason] = len(sources)
        if reason == BROKEN:
            breaks = sources
            continue
        parts.append(_copy(rows, sources, faults.get(reason), id_column))
        places.append(sources + 0.5)
    order = np.argsort(np.concatenate(places), kind="stable")
    spoiled = pa.Table.from_batches(parts).combine_chunks().take(pa.array(order))
    # A broken line stands before the good row that it was drawn for.
    position = np.searchsorted(np.sort(np.concatenate(places)), breaks)
    return Dirty(pa.RecordBatch.from_struct_array(spoiled.to_struct_array().combine_chunks()), position, rejected)


def _copy(rows: pa.RecordBatch, sources: Ints, fault: tuple[str, str | None] | None, id_column: str) -> pa.RecordBatch:
    """Copy rows: as they are (duplicates), or under ids of their own with one column spoiled."""
    copies = rows.take(pa.array(sources))
    if fault is None:
        return copies
    own_ids = pc.binary_join_element_wise(copies[id_column], "x", "-")
    copies = copies.set_column(copies.schema.get_field_index(id_column), id_column, own_ids)
    column, value = fault
    wrong = pa.array([value] * len(sources), pa.string())
    return copies.set_column(copies.schema.get_field_index(column), column, wrong)

"""Resolve a case: its status, when it was solved for good, and how often it was opened again.

Statuses come from two places: the field's history and the messages ("right after this message"). They are
read as one line of events in order of time; at the same time messages come first, in their order, and then
the changes in the order open, pending, solved. The latest wins.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arithmetic.arrays import Mask, Rows, find_segments, from_micros, is_known, last_row
from schemas.raw_messages import STATUSES
from schemas.types import TEXT
from transforms.build_cases.conversation import Conversations
from transforms.build_cases.history import History

_SOLVED = STATUSES.index("solved")


@dataclass(frozen=True, eq=False)
class Resolutions:
    """How the cases ended.

    Attributes:
        resolved: When each was resolved, microseconds since 1970 (UTC); 0 where it is not.
        is_resolved: Whether it is.
        columns: `status`, `resolved_at`, `resolved_by` and `reopenings`.
    """

    resolved: Rows
    is_resolved: Mask
    columns: dict[str, pa.Array]


def resolve_cases(talk: Conversations, statuses: History) -> Resolutions:
    """Find the end of each case: by its status where the export holds one, else by what was written."""
    size = len(talk.cases)
    owners, times, codes = _merge_statuses(talk, statuses.known())
    line = find_segments(pa.array(owners))
    before = np.append(-1, codes[:-1])[: len(codes)]
    before[line.starts] = -1
    cases = owners[line.starts]
    has_status = np.zeros(size, dtype=np.bool_)
    has_status[cases] = True
    last_code = np.full(size, -1, dtype=np.int64)
    last_code[cases] = codes[line.ends - 1]
    solving = last_row(line, (codes == _SOLVED) & (before != _SOLVED))
    by_export = last_code == _SOLVED
    resolved, by_text = _resolve_by_text(talk, ~has_status)
    resolved[by_export] = times[solving[codes[line.ends - 1] == _SOLVED]]
    reopenings = np.bincount(owners[(before == _SOLVED) & (codes != _SOLVED)], minlength=size)
    names = pa.array(STATUSES, TEXT)
    by_whom = pc.if_else(pa.array(by_export), "export", "text")
    is_resolved = by_export | by_text
    columns = {
        "status": names.take(pa.array(last_code, mask=~has_status)),
        "resolved_at": from_micros(resolved, known=is_resolved),
        "resolved_by": pc.if_else(pa.array(is_resolved), by_whom, pa.scalar(None, TEXT)),
        "reopenings": pa.array(reopenings, mask=~has_status),
    }
    return Resolutions(resolved=resolved, is_resolved=is_resolved, columns=columns)


def _merge_statuses(talk: Conversations, statuses: History) -> tuple[Rows, Rows, Rows]:
    """Case, time and status code of all events, in order of case and time."""
    said = talk.messages.column("status")
    rows = np.flatnonzero(is_known(said))
    owners, times, codes = talk.cases.ids[rows], talk.sent[rows], _encode(said.take(pa.array(rows)))
    if not len(statuses.cases):
        return owners, times, codes
    owners = np.append(owners, statuses.cases)
    times = np.append(times, statuses.changed)
    codes = np.append(codes, _encode(statuses.values))
    order = np.lexsort((times, owners))  # stable: messages stay before changes, and each in its own order
    return owners[order], times[order], codes[order]


def _encode(values: pa.Array) -> Rows:
    return pc.fill_null(pc.index_in(values, pa.array(STATUSES, TEXT)), -1).to_numpy().astype(np.int64)


def _resolve_by_text(talk: Conversations, mask: Mask) -> tuple[Rows, Mask]:
    """When the last answer with a fix was sent, where no customer message in uncertainty follows it."""
    fix = last_row(talk.cases, talk.shows["fix"])
    is_resolved = mask & (fix >= 0) & (fix > last_row(talk.cases, talk.is_uncertain))
    return np.where(is_resolved, talk.sent[fix] if len(talk.sent) else 0, 0), is_resolved

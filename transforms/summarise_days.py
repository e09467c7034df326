"""SENTIMENT_DAILY: tone, state and backlog of each day, channel and language.

Two kernels give cells, one from the messages and one from the cases. A case that is open for a month is two
cells: +1 on the day it was opened and -1 on the day it was resolved; the running sum over the days is the
backlog.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arithmetic.days import date_days, number_days
from schemas.arithmetic.segments import UNKNOWN
from schemas.contract import Contract, column
from schemas.sentiment_daily import SENTIMENT_DAILY
from schemas.types import COUNT, DAY, TEXT, TIME

_COUNTERS = (
    "customer_messages", "negative", "neutral", "positive", "in_uncertainty", "in_amazement",
    "agent_messages", "cases_opened", "cases_resolved",
)  # fmt: skip
_CHANGES = ("backlog", "backlog_in_arrears")

DAY_CELLS = Contract(
    name="day_cells",
    meaning="what happened on one day in one channel and language; never stored",
    key=("day", "channel", "lang"),
    version="1.0",
    columns=(
        column("day", DAY, "Day (UTC)."),
        column("channel", TEXT, "Channel; `unknown` where it is not known."),
        column("lang", TEXT, "Language; `unknown` where it is not known."),
        column("messages", COUNT, "Messages of any role.", unit="messages"),
        *(column(name, COUNT, f"As `{name}` of the table.") for name in _COUNTERS),
        *(column(name, COUNT, f"Change of `{name}` since the day before.", unit="cases") for name in _CHANGES),
    ),
)
_SUMS = DAY_CELLS.schema.names[3:]


def message_day_cells(messages: pa.RecordBatch) -> pa.RecordBatch:
    """Count the messages of one batch.

    Args:
        messages: MESSAGES columns sent_at, channel, lang, role, sentiment, state.

    Returns:
        DAY_CELLS: one per day, channel and language.
    """
    role, sentiment, state = messages["role"], messages["sentiment"], messages["state"]
    is_labelled = pc.coalesce(sentiment, state).is_valid()
    flags = {
        "messages": role.is_valid(),
        "customer_messages": pc.and_(pc.equal(role, "customer"), is_labelled),
        "negative": pc.equal(sentiment, "negative"),
        "neutral": pc.equal(sentiment, "neutral"),
        "positive": pc.equal(sentiment, "positive"),
        "in_uncertainty": pc.equal(state, "uncertainty"),
        "in_amazement": pc.equal(state, "amazement"),
        "agent_messages": pc.equal(role, "agent"),
    }
    counts = {name: flag.fill_null(False).cast(COUNT) for name, flag in flags.items()}
    return _cells(messages, number_days(messages["sent_at"]), counts)


def case_day_cells(cases: pa.RecordBatch) -> pa.RecordBatch:
    """Count the openings and resolutions of one batch, and what they do to the backlog.

    A day ends just before midnight: what is due at midnight is late on the day that then begins.

    Args:
        cases: CASES columns opened_at, resolved_at, resolution_due_at, status, channel, lang.

    Returns:
        DAY_CELLS, not added up: one per day, channel, language and kind of event.
    """
    is_resolved, is_known, has_target = (
        cases[name].is_valid().to_numpy(zero_copy_only=False) for name in ("resolved_at", "status", "resolution_due_at")
    )
    opened, resolved, due = (number_days(cases[name]) for name in ("opened_at", "resolved_at", "resolution_due_at"))
    # A status from before the first message must not close the case before it was opened.
    closed, late = np.maximum(opened, resolved), np.maximum(opened, due)
    was_late = is_known & has_target & (~is_resolved | (closed > late))
    events = (
        ("cases_opened", 1, opened, np.full(len(opened), True)),
        ("cases_resolved", 1, resolved, is_resolved),
        ("backlog", 1, opened, is_known),
        ("backlog", -1, closed, is_known & is_resolved),
        ("backlog_in_arrears", 1, late, was_late),
        ("backlog_in_arrears", -1, closed, was_late & is_resolved),
    )
    groups = cases.select(["channel", "lang"])
    return pa.concat_batches(
        [
            _cells(groups.filter(pa.array(rows)), days[rows], {name: pa.array(np.full(rows.sum(), change))})
            for name, change, days, rows in events
        ]
    )


def _cells(batch: pa.RecordBatch, days: np.ndarray, counts: dict[str, pa.Array]) -> pa.RecordBatch:
    """Add up counts by day, channel and language; the counts that are not given are 0."""
    keys = {"day": date_days(days)} | {name: pc.fill_null(batch[name], UNKNOWN) for name in ("channel", "lang")}
    rows = pa.table(keys | counts).group_by(list(keys), use_threads=False)
    added = rows.aggregate([(name, "sum") for name in counts]).combine_chunks()
    zeros = pa.repeat(pa.scalar(0, COUNT), len(added))
    sums = [added[f"{name}_sum"] if name in counts else zeros for name in _SUMS]
    table = pa.Table.from_arrays([*(added[name] for name in keys), *sums], schema=DAY_CELLS.schema)
    return pa.concat_batches(table.to_batches() or [DAY_CELLS.empty()])


def days_from_cells(cells: pa.RecordBatch) -> pa.RecordBatch:
    """Turn cells into the table.

    The backlog runs from the first to the last day on which a message was sent or a case opened or resolved.

    Args:
        cells: DAY_CELLS of the messages and of the cases, added up.

    Returns:
        SENTIMENT_DAILY, sorted by its key.
    """
    counts = {name: cells[name].to_numpy() for name in _SUMS}
    days = number_days(cells["day"].cast(TIME))
    is_active = np.any([counts[name] != 0 for name in ("messages", "cases_opened", "cases_resolved")], axis=0)
    if not is_active.any():
        return SENTIMENT_DAILY.empty()
    first, last = days[is_active].min(), days[is_active].max()
    groups, channels, langs = _number_groups(cells)
    # Targets end after the data does.
    is_within = days <= last
    where = (days - first)[is_within], groups[is_within]
    shape = (last - first + 1, len(channels))
    figures = {name: _spread(counts[name][is_within], where, shape) for name in _SUMS[1:]}
    figures |= {name: figures[name].cumsum(axis=0) for name in _CHANGES}
    is_kept = _spread(is_active[is_within], where, shape).astype(bool) | (figures["backlog"] > 0)
    day, group = np.nonzero(is_kept)
    arrays = [date_days(day + first), channels.take(pa.array(group)), langs.take(pa.array(group))]
    arrays += [pa.array(figures[name][is_kept]) for name in SENTIMENT_DAILY.schema.names[3:]]
    table = pa.RecordBatch.from_arrays(arrays, schema=SENTIMENT_DAILY.schema)
    return table.sort_by([(name, "ascending") for name in SENTIMENT_DAILY.key])


def _number_groups(cells: pa.RecordBatch) -> tuple[np.ndarray, pa.Array, pa.Array]:
    """Number the pairs of channel and language that occur: each row's number, and each number's pair."""
    channels, langs = cells["channel"].dictionary_encode(), cells["lang"].dictionary_encode()
    channel, lang = (codes.indices.to_numpy().astype(np.int64) for codes in (channels, langs))
    pairs, groups = np.unique(channel * len(langs.dictionary) + lang, return_inverse=True)
    channel, lang = np.divmod(pairs, len(langs.dictionary))
    return groups, channels.dictionary.take(pa.array(channel)), langs.dictionary.take(pa.array(lang))


def _spread(counts: np.ndarray, where: tuple[np.ndarray, ...], shape: tuple[int, int]) -> np.ndarray:
    grid = np.zeros(shape, np.int64)
    grid[where] = counts
    return grid

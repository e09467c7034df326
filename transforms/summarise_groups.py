"""TOUCHPOINTS, CHANNELS, TEAMS: counts, shares and quantiles of the cases of each group.

Every figure comes from cells (item, group, value) -> count. Items that only count leave the value at 0. A
quantile needs the distribution, so its items count each value that occurred: exact, and still a sum.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arithmetic.intervals import wilson_interval
from schemas.arithmetic.segments import UNKNOWN
from schemas.contract import Contract, column
from schemas.errors import UsageError
from schemas.groups import CHANNELS, TEAMS, TOUCHPOINTS
from schemas.types import COUNT, TEXT

GROUPS: Mapping[str, Contract] = {"touchpoint": TOUCHPOINTS, "channel": CHANNELS, "team": TEAMS}

GROUP_CELLS = Contract(
    name="group_cells",
    meaning="how often a value of an item occurred in a group; never stored",
    key=("item", "group", "value"),
    version="1.0",
    columns=(
        column("item", TEXT, "What is counted."),
        column("group", TEXT, "The touchpoint, channel or team; `unknown` where it is not known."),
        column("value", COUNT, "The value, for items that have a distribution; else 0."),
        column("count", COUNT, "How often.", unit="cases, or the item's unit"),
    ),
)

# Figure: hits of how many. Both are items.
_SHARES = {
    "resolved_share": ("resolved", "resolution_known"),
    "breached_share": ("breached", "targeted"),
    "fully_recovered_share": ("fully_recovered", "graded"),
    "left_in_uncertainty_share": ("left_in_uncertainty", "left"),
    "left_in_amazement_share": ("left_in_amazement", "left"),
    "perception_gap_share": ("perception_gap", "closed"),
    "reopened_share": ("reopened", "status_known"),
    "upheld_share": ("upheld", "judged"),
    "warmth_share": ("warm", "answered"),
    "hand_offs_mean": ("hand_offs", "cases"),
    "repeated_contacts_mean": ("repeated_contacts", "cases"),
}
# Shares with a Wilson interval: `NAME_low` and `NAME_high` stand beside `NAME_share`.
_WITH_INTERVAL = ("fully_recovered", "left_in_uncertainty", "warmth")
# Figure: the column, and the quantile as a fraction, so that ranks are exact.
_QUANTILES = {
    "first_reply_seconds_median": ("first_reply_seconds", 1, 2),
    "first_reply_seconds_p90": ("first_reply_seconds", 9, 10),
    "resolution_seconds_median": ("resolution_seconds", 1, 2),
    "concrete_seconds_median": ("concrete_seconds", 1, 2),
}


def group_cells(cases: pa.RecordBatch, *, group: str) -> pa.RecordBatch:
    """Count the cases of one batch.

    Args:
        cases: CASES; read are the group's column and those of the figures.
        group: touchpoint, channel or team.

    Returns:
        GROUP_CELLS, not added up.

    Raises:
        UsageError: The group is another.
    """
    figures = _contract(group).schema.names
    groups = pc.fill_null(cases[group], UNKNOWN)
    items = _count_items(cases)
    sums = pa.table({"group": groups, **items}).group_by("group", use_threads=False)
    wide = sums.aggregate([(item, "sum") for item in items])
    zeros = pa.repeat(pa.scalar(0, COUNT), len(wide))
    cells = [_cells(item, wide["group"], zeros, wide[f"{item}_sum"]) for item in items]
    columns = sorted({name for figure, (name, *_) in _QUANTILES.items() if figure in figures})
    cells += [_count_values(name, groups, cases[name]) for name in columns]
    return pa.concat_batches(cells)


def _contract(group: str) -> Contract:
    if group not in GROUPS:
        raise UsageError(f"group is {group!r}; it must be one of {', '.join(GROUPS)}")
    return GROUPS[group]


def _count_items(cases: pa.RecordBatch) -> dict[str, pa.Array]:
    """Give each row's part in each item: flags, or counts. A null flag is not counted."""
    is_complaint, grade, state = cases["is_complaint"], cases["recovery_grade"], cases["state_close"]
    replied, resolved = cases["first_reply_breached"], cases["resolution_breached"]
    is_closed = pc.and_(pc.equal(cases["status"], "solved"), cases["perception_gap"].is_valid())
    is_answered = pc.and_(is_complaint, pc.and_(pc.greater(cases["replies"], 0), cases["steps"].is_valid()))
    flags = {
        "cases": pc.is_valid(cases["case_id"]),
        "complaints": is_complaint,
        "resolved": cases["resolved_at"].is_valid(),
        # An answer that is outside of the export may have resolved the case or not.
        "resolution_known": pc.or_(
            pc.or_(cases["resolved_at"].is_valid(), cases["status"].is_valid()),
            pc.or_(cases["company_response"].is_null(), pc.greater(cases["agent_messages"], 0)),
        ),
        "targeted": pc.or_(replied.is_valid(), resolved.is_valid()),
        "breached": pc.or_kleene(replied, resolved),
        "graded": pc.and_(is_complaint, grade.is_valid()),
        "fully_recovered": pc.and_(is_complaint, pc.equal(grade, "full")),
        "left": state.is_valid(),
        "left_in_uncertainty": pc.equal(state, "uncertainty"),
        "left_in_amazement": pc.equal(state, "amazement"),
        "closed": is_closed,
        "perception_gap": pc.and_(is_closed, cases["perception_gap"]),
        "status_known": cases["reopenings"].is_valid(),
        "reopened": pc.greater(cases["reopenings"], 0),
        "judged": pc.and_(is_complaint, pc.not_equal(cases["validity"], UNKNOWN)),
        "upheld": pc.and_(is_complaint, pc.equal(cases["validity"], "upheld")),
        "answered": is_answered,
        "warm": pc.and_(is_answered, cases["attitude_seconds"].is_valid()),
    }
    counts = {"hand_offs": cases["hand_offs"], "repeated_contacts": cases["repeated_contacts"]}
    return {item: pc.fill_null(flag, False).cast(COUNT) for item, flag in flags.items()} | counts


def _count_values(item: str, groups: pa.Array, values: pa.Array) -> pa.RecordBatch:
    known = pa.table({"group": groups, "value": values}).filter(values.is_valid())
    counted = known.group_by(["group", "value"], use_threads=False).aggregate([([], "count_all")])
    return _cells(item, counted["group"], counted["value"], counted["count_all"])


def _cells(item: str, *columns: pa.Array | pa.ChunkedArray) -> pa.RecordBatch:
    items = pa.repeat(pa.scalar(item, TEXT), len(columns[0]))
    table = pa.Table.from_arrays([items, *columns], schema=GROUP_CELLS.schema)
    return pa.concat_batches(table.to_batches() or [GROUP_CELLS.empty()])


def groups_from_cells(cells: pa.RecordBatch, *, group: str, min_group: int) -> pa.RecordBatch:
    """Turn cells into the table.

    Args:
        cells: GROUP_CELLS, added up and in the order of their key.
        group: touchpoint, channel or team.
        min_group: Groups with fewer cases are suppressed: all their figures are null.

    Returns:
        TOUCHPOINTS, CHANNELS or TEAMS, sorted by the group.

    Raises:
        UsageError: The group is another.
    """
    contract = _contract(group)
    totals = _Totals(cells)
    is_small = totals.sum("cases") < min_group
    figures = totals.shares() | totals.quantiles()
    figures |= {item: pa.array(totals.sum(item)) for item in ("cases", "complaints")}
    # Taking null indices leaves nothing behind; a mask would leave the suppressed figure in memory under it.
    kept = pa.array(np.arange(len(is_small)), mask=is_small)
    suppressed = {name: figure.take(kept) for name, figure in figures.items()}
    columns = {group: totals.groups, "is_suppressed": pa.array(is_small)} | suppressed
    return pa.RecordBatch.from_arrays([columns[name] for name in contract.schema.names], schema=contract.schema)


@dataclass
class _Totals:
    """The figures of each group, in the order of the groups.

    Attributes:
        cells: GROUP_CELLS in the order of their key.
    """

    cells: pa.RecordBatch

    def __post_init__(self) -> None:
        self.groups = self._rows("cases")["group"]

    def _rows(self, item: str) -> pa.RecordBatch:
        return self.cells.filter(pc.equal(self.cells["item"], item))

    def sum(self, item: str) -> np.ndarray:
        """Add up an item's counts by group."""
        rows = self._rows(item)
        at = pc.index_in(rows["group"], self.groups).to_numpy(zero_copy_only=False)
        totals = np.zeros(len(self.groups), np.int64)
        np.add.at(totals, at, rows["count"].to_numpy())
        return totals

    def shares(self) -> dict[str, pa.Array]:
        """Divide, and put the intervals beside; null where there is nothing to divide by."""
        figures = {}
        for figure, (hit, count) in _SHARES.items():
            hits, counts = self.sum(hit), self.sum(count)
            share = np.divide(hits, counts, out=np.full(len(hits), np.nan), where=counts > 0)
            figures[figure] = pa.array(share, from_pandas=True)
            name = figure.removesuffix("_share")
            if name in _WITH_INTERVAL:
                low, high = wilson_interval(hits, counts)
                figures[f"{name}_low"] = pa.array(low, from_pandas=True)
                figures[f"{name}_high"] = pa.array(high, from_pandas=True)
        return figures

    def quantiles(self) -> dict[str, pa.Array]:
        """Take the smallest value that the fraction of the group does not exceed; null without values."""
        figures = {}
        for figure, (item, part, whole) in _QUANTILES.items():
            rows, counts = self._rows(item), self.sum(item)
            if not len(rows):
                figures[figure] = pa.nulls(len(counts), COUNT)
                continue
            # The rows stand by group, then value: a group's ranks follow those of the groups before.
            ranks = counts.cumsum() - counts + -(-counts * part // whole)
            at = np.searchsorted(rows["count"].to_numpy().cumsum(), ranks)
            values = rows["value"].take(pa.array(np.minimum(at, len(rows) - 1)))
            figures[figure] = pc.if_else(pa.array(counts > 0), values, pa.scalar(None, COUNT))
        return figures

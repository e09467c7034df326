"""STATE_TRANSITIONS: how many customers moved between the two states in each week, and how many stayed.

A spell gives one change, in the week in which it began, and a run of weeks in which its customer stayed. The
run is two cells, +1 in its first week and -1 in the week after its last, so nothing is multiplied out by
customers and weeks; the running sum over the weeks gives the customers who stayed.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arithmetic.days import date_weeks, number_weeks
from schemas.arithmetic.segments import ALL, check_segments, name_segments
from schemas.contract import Contract, column
from schemas.errors import ContractError
from schemas.journeys import SPELL_STATES
from schemas.state_transitions import STATE_TRANSITIONS
from schemas.types import COUNT, DAY, TEXT, TIME

TRANSITION_CELLS = Contract(
    name="transition_cells",
    meaning="changes and stays of one week, segment and pair of states; never stored",
    key=("week", "segment", "from_state", "to_state"),
    version="1.0",
    columns=(
        column("week", DAY, "Monday of the week (UTC)."),
        column("segment", TEXT, "Customer segment; `unknown` where it is not known."),
        column("from_state", TEXT, "State before, or `new`."),
        column("to_state", TEXT, "State after."),
        column("changes", COUNT, "Changes of state.", unit="changes"),
        column("customers", COUNT, "Customers who made them.", unit="customers"),
        column("stays", COUNT, "Customers who stay from this week on, less those who no longer do."),
    ),
)

_FROM_STATES = pa.array((*SPELL_STATES, "new"))
_NEW = len(SPELL_STATES)
# Each pair of states as one number: from * 2 + to.
_PAIRS = len(_FROM_STATES) * len(SPELL_STATES)


def transition_cells(journeys: pa.RecordBatch) -> pa.RecordBatch:
    """Turn spells into cells.

    Args:
        journeys: JOURNEYS columns customer_key, spell_number, state, started_at, ended_at, segment. A
            batch holds all spells of each of its customers, in any order: customers are counted in it.

    Returns:
        TRANSITION_CELLS, not added up.

    Raises:
        ContractError: Spells of a customer are missing from the batch.
    """
    customers = journeys["customer_key"].dictionary_encode().indices.to_numpy(zero_copy_only=False)
    numbers = journeys["spell_number"].to_numpy(zero_copy_only=False)
    _require_whole_customers(customers, numbers)
    segments = name_segments(journeys["segment"])
    state = pc.index_in(journeys["state"], _FROM_STATES).to_numpy(zero_copy_only=False)
    # Spells alternate, so the state before is the other one.
    before = np.where(numbers == 1, _NEW, 1 - state)
    started, ended = number_weeks(journeys["started_at"]), number_weeks(journeys["ended_at"])
    first = started + 1
    is_over = journeys["ended_at"].is_valid().to_numpy(zero_copy_only=False)
    stays = np.flatnonzero(~is_over | (ended > first))
    leaves = np.flatnonzero(is_over & (ended > first))
    none = np.zeros(len(state), np.int64)
    ones = none + 1
    everybody = np.arange(len(state))
    new_customers = _mark_first(customers, started, before)
    return pa.concat_batches(
        [
            _cells(everybody, started, segments, before, state, ones, new_customers, none),
            _cells(stays, first, segments, state, state, none, none, ones),
            _cells(leaves, ended, segments, state, state, none, none, -ones),
        ]
    )


def _require_whole_customers(customers: np.ndarray, numbers: np.ndarray) -> None:
    last = np.zeros(customers.max(initial=-1) + 1, np.int64)
    np.maximum.at(last, customers, numbers)
    broken = int(np.count_nonzero(np.bincount(customers) != last))
    if broken:
        raise ContractError(
            f"journeys: spells of {broken} customers are missing from the batch, whose spell numbers do not "
            "run from 1; pass all spells of a customer in one batch"
        )


def _mark_first(customers: np.ndarray, weeks: np.ndarray, before: np.ndarray) -> np.ndarray:
    """1 at the first row of each customer, week and state before; else 0."""
    order = np.lexsort((before, weeks, customers))
    keys = np.stack((customers, weeks, before))[:, order]
    marks = np.ones(len(order), np.int64)
    marks[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
    unsorted = np.empty_like(marks)
    unsorted[order] = marks
    return unsorted


def _cells(rows: np.ndarray, weeks: np.ndarray, segments: pa.Array, *codes: np.ndarray) -> pa.RecordBatch:
    before, after, *counts = (values[rows] for values in codes)
    arrays = [
        date_weeks(weeks[rows]),
        segments.take(pa.array(rows)),
        _FROM_STATES.take(pa.array(before)),
        _FROM_STATES.take(pa.array(after)),
        *(pa.array(values) for values in counts),
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=TRANSITION_CELLS.schema)


def transitions_from_cells(
    cells: pa.RecordBatch, *, until: datetime, min_group: int, since: datetime | None = None
) -> pa.RecordBatch:
    """Turn cells into the table.

    Args:
        cells: TRANSITION_CELLS, added up.
        until: End of the data (UTC). Changes count up to its week; stays only in weeks that were over by
            then, since of others nobody knows yet.
        min_group: Rows of fewer customers are suppressed.
        since: Start of the data; weeks before it, of which nothing is known but who was a customer, are left
            out. None leaves them in.

    Returns:
        STATE_TRANSITIONS, sorted by its key; a row for each week, segment and pair of states that occurred.

    Raises:
        UsageError: There are too many segments to compare.
    """
    check_segments(cells["segment"])
    weeks = number_weeks(cells["week"].cast(TIME))
    last = int(number_weeks(pa.array([until], TIME))[0])
    grid = _Grid.spread(cells.filter(pa.array(weeks <= last)), weeks[weeks <= last], last)
    start = grid.first if since is None else int(number_weeks(pa.array([since], TIME))[0])
    week, segment, pair = np.nonzero(grid.customers)
    is_told = week + grid.first >= start
    week, segment, pair = week[is_told], segment[is_told], pair[is_told]
    customers = grid.customers[week, segment, pair]
    is_small = customers < min_group
    table = pa.RecordBatch.from_arrays(
        [
            date_weeks(week + grid.first),
            grid.segments.take(pa.array(segment)),
            _FROM_STATES.take(pa.array(pair // len(SPELL_STATES))),
            _FROM_STATES.take(pa.array(pair % len(SPELL_STATES))),
            # The suppressed count must not stand in memory under the null.
            pa.array(np.where(is_small, 0, grid.changes[week, segment, pair]), mask=is_small),
            pa.array(is_small),
        ],
        schema=STATE_TRANSITIONS.schema,
    )
    return table.sort_by([(name, "ascending") for name in STATE_TRANSITIONS.key])


@dataclass(frozen=True)
class _Grid:
    """Every week x segment x pair of states between the first and the last week.

    Attributes:
        first: Number of the first week.
        segments: Names on the second axis, the last one `all`.
        changes: Changes; on the diagonal the customers who stayed.
        customers: Customers who made them.
    """

    first: int
    segments: pa.Array
    changes: np.ndarray
    customers: np.ndarray

    @classmethod
    def spread(cls, cells: pa.RecordBatch, weeks: np.ndarray, last: int) -> "_Grid":
        """Put cells on the grid and run the sums of those who stay."""
        first = int(weeks.min(initial=last))
        segments = cells["segment"].dictionary_encode()
        names = pa.concat_arrays([segments.dictionary, pa.array([ALL])])
        before, after = (
            pc.index_in(cells[name], _FROM_STATES).to_numpy(zero_copy_only=False) for name in ("from_state", "to_state")
        )
        where = (
            weeks - first,
            segments.indices.to_numpy(zero_copy_only=False),
            before * len(SPELL_STATES) + after,
        )
        changes, customers, stays = (
            _add_up(where, cells[name], (last - first + 1, len(names), _PAIRS))
            for name in ("changes", "customers", "stays")
        )
        stays = stays.cumsum(axis=0)
        # The week in which the data ends is not over.
        stays[-1] = 0
        return cls(first, names, changes + stays, customers + stays)


def _add_up(where: tuple[np.ndarray, ...], counts: pa.Array, shape: tuple[int, int, int]) -> np.ndarray:
    grid = np.zeros(shape, np.int64)
    np.add.at(grid, where, counts.to_numpy(zero_copy_only=False))
    grid[:, -1] = grid.sum(axis=1)
    return grid

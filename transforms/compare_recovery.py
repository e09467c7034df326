"""RECOVERY_LOYALTY, the raw part: what followed on each grade of recovery, before any adjustment.

Shares and means come from cells (outcome, horizon, segment, grade) -> complaints, cases with data, sum, sum
of squares. The sums are decimals in millionths of the outcome's unit, so that money adds up exactly in any
order.
"""

from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arithmetic.intervals import mean_interval, wilson_interval
from schemas.arithmetic.segments import ALL, UNKNOWN, check_segments, name_segments
from schemas.cases import GRADES
from schemas.contract import Contract, column
from schemas.policy import HORIZONS_DAYS
from schemas.recovery_loyalty import RECOVERY_LOYALTY
from schemas.types import COUNT, NUMBER, TEXT

# Millionths of a unit: exact for money in any currency. Values up to 10^31 fit; a larger one stops the run.
_VALUE = pa.decimal256(37, 6)
_SUM, _SQUARES = pa.decimal256(76, 6), pa.decimal256(76, 12)


class Outcome(NamedTuple):
    """An outcome: its name and kind, its horizon, its column in CASES, and whether it is a share."""

    name: str
    kind: str
    horizon_days: int
    column: str
    is_share: bool


OUTCOMES = (
    *(
        Outcome(name, "loyalty", days, f"{name}_{days}", is_share)
        for name, is_share in (
            ("came_back", True),
            ("churned", True),
            ("complained_again", True),
            ("purchases", False),
            ("revenue", False),
        )
        for days in HORIZONS_DAYS
    ),
    *(Outcome(name, "intent", 0, name, True) for name in ("return_intent", "advocacy", "churn_intent")),
    Outcome("csat", "satisfaction", 0, "csat", False),
    Outcome("nps", "satisfaction", 0, "nps", False),
    Outcome("disputed", "dispute", 0, "disputed", True),
)

_KINDS = {outcome.name: outcome.kind for outcome in OUTCOMES}
_IS_SHARE = {outcome.name: outcome.is_share for outcome in OUTCOMES}

NO_DATA = "no outcome data"
NO_GRADE = "no recovery grade"
TOO_FEW = "fewer cases than the minimum group size"
NOT_COMPUTED = "not computed"

RECOVERY_CELLS = Contract(
    name="recovery_cells",
    meaning="complaints of one segment and grade and the sums of one outcome; never stored",
    key=("outcome", "horizon_days", "segment", "recovery_grade"),
    version="1.0",
    columns=(
        column("outcome", TEXT, "The outcome."),
        column("horizon_days", COUNT, "Its horizon; 0 for none.", unit="days"),
        column("segment", TEXT, "Customer segment; `unknown` where it is not known."),
        column("recovery_grade", TEXT, "Grade of recovery.", null="the complaint has none"),
        column("complaints", COUNT, "Complaints.", unit="cases"),
        column("n", COUNT, "Of these, with the outcome's data.", unit="cases"),
        column("total", _SUM, "Sum of the outcome.", unit="the outcome's unit"),
        column("squares", _SQUARES, "Sum of its squares.", unit="the outcome's unit, squared"),
    ),
)


def recovery_cells(cases: pa.RecordBatch) -> pa.RecordBatch:
    """Sum the outcomes of one batch.

    Args:
        cases: CASES columns is_complaint, segment, recovery_grade and those of `OUTCOMES`.

    Returns:
        RECOVERY_CELLS, one per outcome, horizon, segment and grade of the batch's complaints.
    """
    needed = ["segment", "recovery_grade", *(outcome.column for outcome in OUTCOMES)]
    complaints = cases.select(needed).filter(cases["is_complaint"])
    keys = {"segment": name_segments(complaints["segment"]), "recovery_grade": complaints["recovery_grade"]}
    values = {outcome.column: _value(complaints[outcome.column], outcome) for outcome in OUTCOMES}
    # Beside each sum that of the squares; a flag is its own square.
    squares = {
        f"{outcome.column}_squared": pc.multiply(values[outcome.column], values[outcome.column])
        for outcome in OUTCOMES
        if not outcome.is_share
    }
    added = (
        pa.table(keys | values | squares)
        .group_by(list(keys), use_threads=False)
        .aggregate(
            [([], "count_all")] + [(name, "count") for name in values] + [(name, "sum") for name in (values | squares)]
        )
    )
    return pa.concat_batches([_cells(added.combine_chunks(), outcome) for outcome in OUTCOMES])


def _value(column: pa.Array, outcome: Outcome) -> pa.Array:
    return column.cast(COUNT) if outcome.is_share else column.cast(_VALUE)


def _cells(added: pa.Table, outcome: Outcome) -> pa.RecordBatch:
    squares = outcome.column if outcome.is_share else f"{outcome.column}_squared"
    arrays = [
        pa.repeat(pa.scalar(outcome.name, TEXT), len(added)),
        pa.repeat(pa.scalar(outcome.horizon_days, COUNT), len(added)),
        added["segment"],
        added["recovery_grade"],
        added["count_all"],
        added[f"{outcome.column}_count"],
        # The sum of no values is null in Arrow, and 0 here: it is added up.
        added[f"{outcome.column}_sum"].cast(_SUM).fill_null(0),
        added[f"{squares}_sum"].cast(_SQUARES).fill_null(0),
    ]
    table = pa.Table.from_arrays(arrays, schema=RECOVERY_CELLS.schema)
    return pa.concat_batches(table.to_batches() or [RECOVERY_CELLS.empty()])


def recovery_from_cells(cells: pa.RecordBatch, *, min_group: int) -> pa.RecordBatch:
    """Turn cells into the table, with every grade of every outcome and segment, also where there is no case.

    Complaints whose recovery is not known have rows of their own where their outcome is known.

    Args:
        cells: RECOVERY_CELLS, added up.
        min_group: Rates of fewer cases are suppressed.

    Returns:
        RECOVERY_LOYALTY, sorted by its key; the adjusted columns are null. No complaint at all gives no rows.

    Raises:
        UsageError: There are too many segments to compare.
    """
    check_segments(cells["segment"])
    full = _complete(cells)
    complaints, counts = full["complaints"].to_numpy(), full["n"].to_numpy()
    is_large = counts >= min_group
    which = pc.index_in(full["outcome"], pa.array([*_KINDS])).to_numpy()
    rates, lows, highs = _measure(full, np.array(list(_IS_SHARE.values()))[which])
    is_graded = full["recovery_grade"].is_valid().to_numpy(zero_copy_only=False)
    columns: dict[str, pa.Array] = {name: full[name] for name in (*RECOVERY_CELLS.key, "n")} | {
        "recovery_grade": pc.fill_null(full["recovery_grade"], UNKNOWN),
        "kind": pa.array([*_KINDS.values()], TEXT).take(pa.array(which)),
        "n_excluded": pa.array(complaints - counts),
        "raw_rate": pa.array(np.where(is_large, rates, np.nan), from_pandas=True),
        "raw_low": pa.array(np.where(is_large, lows, np.nan), from_pandas=True),
        "raw_high": pa.array(np.where(is_large, highs, np.nan), from_pandas=True),
        "estimable": pa.repeat(pa.scalar(False), len(full)),
        "reason": pa.array(np.where(is_graded, _explain(complaints, counts, is_large), NO_GRADE), TEXT),
    }
    adjusted = pa.nulls(len(full), NUMBER)
    arrays = [columns.get(name, adjusted) for name in RECOVERY_LOYALTY.schema.names]
    table = pa.RecordBatch.from_arrays(arrays, schema=RECOVERY_LOYALTY.schema)
    return table.filter(pa.array(is_graded | (counts > 0)))


def _complete(cells: pa.RecordBatch) -> pa.RecordBatch:
    """Add everybody, and zeros for what did not occur: three grades and null per outcome and segment."""
    everybody = cells.set_column(2, RECOVERY_CELLS.schema.field(2), pa.repeat(pa.scalar(ALL), len(cells)))
    segments = pc.unique(pa.concat_arrays([cells["segment"], everybody["segment"]]))
    outcome, segment, grade = np.indices((len(OUTCOMES), len(segments), len(GRADES) + 1)).reshape(3, -1)
    zeros = pa.repeat(pa.scalar(0, COUNT), len(grade))
    grid = [
        pa.array([outcome.name for outcome in OUTCOMES]).take(pa.array(outcome)),
        pa.array([outcome.horizon_days for outcome in OUTCOMES], COUNT).take(pa.array(outcome)),
        segments.take(pa.array(segment)),
        pa.array([*GRADES, None], TEXT).take(pa.array(grade)),
        *(zeros.cast(field.type) for field in RECOVERY_CELLS.columns[4:]),
    ]
    blocks = [cells, everybody, pa.RecordBatch.from_arrays(grid, schema=RECOVERY_CELLS.schema)]
    rows = pa.Table.from_batches(blocks).group_by(list(RECOVERY_CELLS.key), use_threads=False)
    sums = RECOVERY_CELLS.schema.names[4:]
    added = rows.aggregate([(name, "sum") for name in sums])
    full = added.sort_by([(name, "ascending") for name in RECOVERY_CELLS.key]).combine_chunks()
    arrays = [full[name] for name in RECOVERY_CELLS.key] + [full[f"{name}_sum"] for name in sums]
    table = pa.Table.from_arrays(arrays, schema=RECOVERY_CELLS.schema)
    return pa.concat_batches(table.to_batches() or [RECOVERY_CELLS.empty()])


def _measure(full: pa.RecordBatch, is_share: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Divide exactly and round once; NaN for no case."""
    counts = full["n"].to_numpy()
    totals, squares = _fractions(full["total"]), _fractions(full["squares"])
    some = counts > 0
    means = totals / np.maximum(counts, 1)
    variances = (squares - totals * means) / np.maximum(counts - 1, 1)
    rates = np.where(some, means.astype(np.float64), np.nan)
    low, high = wilson_interval(np.where(is_share, totals, 0).astype(np.int64), counts)
    mean_low, mean_high = mean_interval(rates, np.sqrt(variances.astype(np.float64)), counts)
    return rates, np.where(is_share, low, mean_low), np.where(is_share, high, mean_high)


def _fractions(decimals: pa.Array) -> np.ndarray:
    """Give exact fractions. A loop over a few thousand cells at most: no array type holds such sums."""
    exact = np.empty(len(decimals), object)
    exact[:] = [Fraction(decimal) for decimal in decimals.to_numpy(zero_copy_only=False)]
    return exact


def _explain(complaints: np.ndarray, counts: np.ndarray, is_large: np.ndarray) -> np.ndarray:
    """Say why there is no adjusted effect; the grades of an outcome and segment are four rows in a row."""
    blocks = len(GRADES) + 1
    has_data = counts.reshape(-1, blocks).any(axis=1).repeat(blocks)
    has_grade = complaints.reshape(-1, blocks)[:, : len(GRADES)].any(axis=1).repeat(blocks)
    return np.select([~has_data, ~has_grade, ~is_large], [NO_DATA, NO_GRADE, TOO_FEW], NOT_COMPUTED)

"""Add to each case what the customer had lived through before it."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arithmetic.arrays import (
    NO_ROW,
    Mask,
    Rows,
    Segments,
    find_segments,
    is_known,
    is_true,
    previous_row,
    rank_rows,
    take_rows,
)
from schemas.cases import BUILT_CASES, CASES
from schemas.policy import Policy

_AT = len(BUILT_CASES.columns)
# The columns of CASES from `segment` to `expected_score`.
HISTORY = CASES.columns[_AT : CASES.schema.get_field_index("expected_score") + 1]
HISTORY_SCHEMA = pa.schema([*BUILT_CASES.columns, *HISTORY])

_BY_TIME = [("customer_key", "ascending"), ("opened_at", "ascending"), ("case_id", "ascending")]
_BY_AGE = [(name, "ascending") for name in ("customer_id", "since", "segment", "value")]
_DAY_US = 86_400_000_000.0
# Probabilities carry 4 decimals. Two more hold a mean of them, and leave out the noise of adding floats.
_SCORE_DECIMALS = 4
_MEAN_DECIMALS = 6


def _days_between(later: pa.Array, earlier: pa.Array) -> pa.Array:
    """Days from one time to another; null where either is."""
    return pc.divide(pc.subtract(later, earlier).cast(pa.int64()).cast(pa.float64()), _DAY_US)


def weigh_scores(scores: np.ndarray, rank: Rows, weight: float) -> np.ndarray:
    """The exponentially weighted mean up to and including each score.

    e_1 = s_1; e_k = weight * s_k + (1 - weight) * e_(k-1): simple exponential smoothing (Brown 1956).
    Each pass joins every stretch of scores with the stretch before it, which doubles their length, so a
    customer with 50,000 scores takes 16 passes and not 50,000. All coefficients lie between 0 and 1:
    nothing can overflow, and what underflows is 0 at the precision of the result.

    Args:
        scores: The scores, each customer's together and in order of time.
        rank: The place of each score within its customer, from 0.
        weight: Weight of the latest score, over 0 and at most 1.

    Returns:
        The means, as long as `scores`, to 6 decimals.

    Example:
        Scores 0.8, -0.4, 0.6 and weight 0.5 give 0.8, 0.2, 0.4.
    """
    mean = np.where(rank == 0, scores, weight * scores)
    carry = np.where(rank == 0, 0.0, 1.0 - weight)  # the share that the scores before the stretch have
    step, longest = 1, int(rank.max(initial=0))
    while step <= longest:
        here = np.flatnonzero(rank >= step)
        before = here - step
        mean[here], carry[here] = mean[here] + carry[here] * mean[before], carry[here] * carry[before]
        step *= 2
    return np.round(mean, _MEAN_DECIMALS) + 0.0  # no negative zero


def _count_failures(ordered: pa.RecordBatch, segments: Segments, is_of_customer: Mask) -> dict[str, pa.Array]:
    """The columns that look back to the customer's previous complaint."""
    is_failure = is_true(ordered["is_complaint"]) & is_of_customer
    so_far = np.concatenate(([0], np.cumsum(is_failure)))
    number = so_far[1:] - so_far[segments.starts][segments.ids]
    previous = np.where(is_failure, previous_row(segments, is_failure), NO_ROW)
    touchpoint, opened_at = ordered["touchpoint"], ordered["opened_at"]
    return {
        "failure_number": pa.array(number, mask=~is_failure),
        "days_since_previous_failure": _days_between(opened_at, take_rows(opened_at, previous)),
        "same_touchpoint": pc.equal(touchpoint, take_rows(touchpoint, previous)),
        "previous_recovery_grade": take_rows(ordered["recovery_grade"], previous),
    }


def _expect_scores(ordered: pa.RecordBatch, segments: Segments, is_of_customer: Mask, weight: float) -> pa.Array:
    """What the customer's earlier experiences let them expect of each case."""
    has_score = is_known(ordered["experience_score"]) & is_of_customer
    rows = np.flatnonzero(has_score)
    scores = ordered["experience_score"].take(pa.array(rows)).to_numpy().astype(np.float64)
    rank = rank_rows(find_segments(pa.array(segments.ids[rows])))
    means = np.zeros(len(has_score))
    means[rows] = weigh_scores(np.round(scores, _SCORE_DECIMALS), rank, weight)
    return take_rows(pa.array(means), previous_row(segments, has_score))


def _look_up_profiles(cases: pa.RecordBatch, profiles: pa.RecordBatch) -> dict[str, pa.Array]:
    """The columns from the customers export; of several profiles of a customer the oldest counts."""
    known = profiles.take(pc.sort_indices(profiles, sort_keys=_BY_AGE))
    found = pc.index_in(cases["customer_key"], value_set=known["customer_id"], skip_nulls=True)
    return {
        "segment": known["segment"].take(found),
        "tenure_days": _days_between(cases["opened_at"], known["since"].take(found)),
        "customer_value": known["value"].take(found),
    }


def follow_history(cases: pa.RecordBatch, profiles: pa.RecordBatch, *, policy: Policy) -> pa.RecordBatch:
    """Add the customer's history to each case.

    A customer's cases are in order of `opened_at`, equal times in order of `case_id`. What each column
    means, with an example, is in docs/journeys.md.

    Args:
        cases: Columns of `BUILT_CASES`, all cases of each customer, in any order.
        profiles: Columns of `PROFILES`; `customer_id` is the pseudonym.
        policy: `expectation_weight` is read.

    Returns:
        The columns of `HISTORY_SCHEMA`, in the order of the input. Where the customer is not known, only
        `double_deviation` can be.
    """
    order = pc.sort_indices(cases, sort_keys=_BY_TIME)
    names = ["customer_key", "opened_at", "is_complaint", "touchpoint", "recovery_grade", "experience_score"]
    ordered = cases.select(names).take(order)
    segments, is_of_customer = find_segments(ordered["customer_key"]), is_known(ordered["customer_key"])
    past = _count_failures(ordered, segments, is_of_customer)
    past["expected_score"] = _expect_scores(ordered, segments, is_of_customer, policy.expectation_weight)
    # Only these few columns went through the sort; the wide batch stays as it came.
    back = np.empty(len(order), np.int64)
    back[order.to_numpy()] = np.arange(len(order))
    columns = {name: column.take(pa.array(back)) for name, column in past.items()}
    columns |= _look_up_profiles(cases, profiles)
    is_left_alone = pc.and_(pc.equal(cases["recovery_grade"], "none"), pc.equal(cases["state_close"], "uncertainty"))
    columns["double_deviation"] = pc.if_else(cases["is_complaint"], is_left_alone, pa.scalar(None, pa.bool_()))
    return pa.RecordBatch.from_arrays(
        [*(cases[field.name] for field in BUILT_CASES.columns), *(columns[field.name] for field in HISTORY)],
        schema=HISTORY_SCHEMA,
    )

"""Describe where each customer stands."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arithmetic.arrays import NO_ROW, Rows, find_words, is_known, is_true, is_value, take_rows
from schemas.arithmetic.timelines import number_owners
from schemas.customers import CUSTOMERS, EXPERIENCE_GRADES
from schemas.raw_messages import VALIDITIES
from schemas.types import TEXT

_BY_AGE = [(name, "ascending") for name in ("customer_id", "since", "segment", "value")]
_CASES_BY_TIME = [(name, "ascending") for name in ("customer_key", "opened_at", "case_id")]
_WORDS_BY_TIME = [(name, "ascending") for name in ("customer_key", "sent_at", "case_id", "message_id")]
_MESSAGES = ("customer_messages", "agent_messages", "internal_notes")
_CASE_COLUMNS = [
    *("customer_key", "opened_at", "case_id", "is_complaint", "validity"),
    *("experience_score", "expected_score", "agent_minutes", *_MESSAGES),
]
_POOR_UNDER, _GOOD_OVER, _EXCEPTIONAL_OVER = -0.25, 0.25, 0.75
# Probabilities carry 4 decimals; two more leave out the noise of adding floats.
_SCORE_DECIMALS = 4
_MEAN_DECIMALS = 6

Columns = dict[str, pa.Array]


def _last_of(owners: Rows, customers: int) -> Rows:
    """The last row of each customer, -1 without any; unknown owners are passed over."""
    last = np.full(customers, NO_ROW)
    rows = np.flatnonzero(owners != NO_ROW)
    last[owners[rows]] = rows  # of several the last one stays
    return last


def _describe_profile(customers: pa.Array, profiles: pa.RecordBatch) -> Columns:
    """What the customers export says; of several profiles of a customer the oldest counts."""
    known = profiles.take(pc.sort_indices(profiles, sort_keys=_BY_AGE))
    found = pc.index_in(customers, value_set=known["customer_id"])
    return {name: known[name].take(found) for name in ("segment", "since", "value")}


def _describe_state(customers: pa.Array, journeys: pa.RecordBatch) -> Columns:
    """The spell that lasts; without any the customer is where every customer begins."""
    lasting = journeys.filter(journeys["is_censored"])
    spell = _last_of(number_owners(lasting["customer_key"], customers), len(customers))
    state = pc.fill_null(take_rows(lasting["state"], spell), "uncertainty")
    return {"state": state, "state_since": take_rows(lasting["started_at"], spell)}


def _list_channels(owners: Rows, channels: pa.Array, customers: int) -> pa.ListArray:
    """The distinct channels of each customer, sorted."""
    names = pc.unique(channels.drop_null())
    names = names.take(pc.sort_indices(names))
    number = number_owners(channels, names)
    is_named = number != NO_ROW
    pairs = np.unique(owners[is_named] * max(len(names), 1) + number[is_named])
    owner, number = np.divmod(pairs, max(len(names), 1))
    offsets = np.searchsorted(owner, np.arange(customers + 1)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), names.take(pa.array(number)))


def _describe_words(customers: pa.Array, moments: pa.RecordBatch) -> Columns:
    """When and where the customer wrote, and what their words have shown."""
    ordered = moments.take(pc.sort_indices(moments, sort_keys=_WORDS_BY_TIME))
    size, owners = len(customers), number_owners(ordered["customer_key"], customers)
    last = _last_of(owners, size)
    first = np.full(size, NO_ROW)
    first[owners[::-1]] = np.arange(len(owners))[::-1]
    is_in_latest = is_true(pc.equal(ordered["case_id"], take_rows(ordered["case_id"], last[owners])))
    shows = find_words(ordered["signals"], ("always_positive", "advocacy", "churn_intent"))
    shows["churn_intent"] &= is_in_latest
    has_shown = {name: np.bincount(owners[shown], minlength=size) > 0 for name, shown in shows.items()}
    # A model without that head tells no signals, which does not mean that there are none.
    is_told = np.bincount(owners[is_known(ordered["signals"])], minlength=size) > 0
    return {
        "first_message_at": take_rows(ordered["sent_at"], first),
        "last_message_at": take_rows(ordered["sent_at"], last),
        "channels": _list_channels(owners, ordered["channel"], size),
        **{name: pa.array(shown, mask=~is_told) for name, shown in has_shown.items()},
    }


def _count_cases(owners: Rows, cases: pa.RecordBatch, customers: int) -> Columns:
    """How many cases, what became of the complaints, and what they cost to serve."""
    is_complaint = is_true(cases["is_complaint"])
    is_judged = is_true(pc.is_in(cases["validity"], value_set=pa.array(VALIDITIES, TEXT)))
    kinds = {
        "cases": np.ones(len(owners), bool),
        "complaints": is_complaint,
        "complaints_upheld": is_complaint & is_value(cases["validity"], "upheld"),
        "complaints_judged": is_complaint & is_judged,
        "experiences": is_known(cases["experience_score"]),
    }
    counts = {name: pa.array(np.bincount(owners[rows], minlength=customers)) for name, rows in kinds.items()}
    messages = np.zeros(customers, np.int64)
    np.add.at(messages, owners, sum(cases[name].to_numpy() for name in _MESSAGES))
    # The cases are in order of time, and so are the additions: the sum never depends on the input's order.
    minutes = np.bincount(owners, weights=pc.fill_null(cases["agent_minutes"], 0.0), minlength=customers)
    is_timed = np.bincount(owners[is_known(cases["agent_minutes"])], minlength=customers) > 0
    return counts | {
        "messages": pa.array(messages),
        "agent_minutes": pa.array(minutes.astype(np.float64), mask=~is_timed),
    }


def _grade_gaps(gaps: pa.Array) -> pa.Array:
    """poor, neutral, good or exceptional; null where the gap is."""
    steps = (
        pc.greater_equal(gaps, _POOR_UNDER),
        pc.greater(gaps, _GOOD_OVER),
        pc.greater(gaps, _EXCEPTIONAL_OVER),
    )
    number = pc.add(pc.add(*(step.cast(pa.int8()) for step in steps[:2])), steps[2].cast(pa.int8()))
    return pa.array(EXPERIENCE_GRADES, TEXT).take(number)


def _describe_experiences(
    owners: Rows, cases: pa.RecordBatch, customers: int, company_average: float | None
) -> Columns:
    """How good, how steady and how surprising the experiences were."""
    is_scored = is_known(cases["experience_score"])
    rows, owners = np.flatnonzero(is_scored), owners[is_scored]
    scores = np.round(cases["experience_score"].take(pa.array(rows)).to_numpy().astype(np.float64), _SCORE_DECIMALS)
    count = np.bincount(owners, minlength=customers)
    divisor = np.maximum(count, 1)
    is_above = scores > (np.inf if company_average is None else company_average)
    share = np.bincount(owners[is_above], minlength=customers) / divisor
    mean = np.bincount(owners, weights=scores, minlength=customers) / divisor
    variance = np.bincount(owners, weights=(scores - mean[owners]) ** 2, minlength=customers) / divisor
    last = _last_of(owners, customers)
    latest = take_rows(pa.array(scores), last)
    expected = take_rows(cases["expected_score"].take(pa.array(rows)), last)
    gap = pc.add(pc.round(pc.subtract(latest, expected), _MEAN_DECIMALS), 0.0)  # no negative zero
    return {
        "consistency_share": pa.array(share.astype(np.float32), mask=count == 0),
        "consistency_spread": pa.array(np.round(np.sqrt(variance), _MEAN_DECIMALS), mask=count == 0),
        "expected_score": expected,
        "latest_score": latest,
        "expectation_gap": gap,
        "experience_grade": _grade_gaps(gap),
    }


def describe_customers(
    cases: pa.RecordBatch,
    journeys: pa.RecordBatch,
    moments: pa.RecordBatch,
    profiles: pa.RecordBatch,
    *,
    company_average: float | None,
) -> pa.RecordBatch:
    """Sum up each customer.

    Args:
        cases: Columns of `CASES`, all of each customer, in any order.
        journeys: Columns of `JOURNEYS` of the same customers.
        moments: Columns of `MOMENTS` of the same customers.
        profiles: Columns of `PROFILES` of the same customers; `customer_id` is the pseudonym.
        company_average: Mean experience score over all cases of the company; None where no case has one.

    Returns:
        Columns of `CUSTOMERS`, sorted by `customer_key`: everybody who wrote, has a case or is in the
        customers export. docs/journeys.md has the formulas with examples.
    """
    keys = [moments["customer_key"], profiles["customer_id"], cases["customer_key"].drop_null()]
    customers = pc.unique(pa.concat_arrays(keys))
    customers = customers.take(pc.sort_indices(customers))
    own = cases.select(_CASE_COLUMNS).filter(cases["customer_key"].is_valid())
    own = own.take(pc.sort_indices(own, sort_keys=_CASES_BY_TIME))
    owners, size = number_owners(own["customer_key"], customers), len(customers)
    columns = {"customer_key": customers, "value_at_risk": pa.nulls(size, pa.float64())}
    columns |= _describe_profile(customers, profiles)
    columns |= _describe_state(customers, journeys)
    columns |= _describe_words(customers, moments)
    columns |= _count_cases(owners, own, size)
    columns |= _describe_experiences(owners, own, size, company_average)
    return pa.RecordBatch.from_arrays([columns[name] for name in CUSTOMERS.schema.names], schema=CUSTOMERS.schema)

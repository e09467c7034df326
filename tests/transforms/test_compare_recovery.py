from functools import partial

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given, settings
from statsmodels.stats.weightstats import DescrStatsW

from schemas.cases import CASES, GRADES
from schemas.check_batch import check_batch
from schemas.coder import RecordBatchCoder
from schemas.recovery_loyalty import RECOVERY_LOYALTY
from tests.factories import random_cases
from tests.transforms.aggregate_oracle import assert_same_rows, recovery_by_sql
from tests.transforms.cutting import CUTS, SEEDS, cut_rows
from transforms.combine_cells import SummariseCells, combine_cells
from transforms.compare_recovery import OUTCOMES, RECOVERY_CELLS, recovery_cells, recovery_from_cells

CASES_100 = random_cases(seed=12, rows=100)
ADJUSTED = ("effect", "effect_low", "effect_high", "overlap", "e_value")
NOTHING = {outcome.column: None for outcome in OUTCOMES}
CASE = random_cases(seed=1, rows=1).to_pylist()[0] | NOTHING | {
    "is_complaint": True, "segment": None, "recovery_grade": "full",
}  # fmt: skip


def cases(*rows: dict[str, object]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([CASE | row for row in rows], schema=CASES.schema)


def compare(*batches: pa.RecordBatch, min_group: int = 1) -> pa.RecordBatch:
    cells = combine_cells([recovery_cells(batch) for batch in batches], cells=RECOVERY_CELLS)
    return recovery_from_cells(cells, min_group=min_group)


def find(table: pa.RecordBatch, outcome: str, grade: str = "full", *, days: int = 0, segment: str = "all") -> dict:
    wanted = (outcome, days, segment, grade)
    return next(row for row in table.to_pylist() if tuple(row[name] for name in RECOVERY_CELLS.key) == wanted)


def test_shares_and_means_are_of_the_cases_with_data() -> None:
    table = compare(
        cases(
            {"came_back_90": True, "revenue_90": 0.1, "csat": 5.0},
            {"came_back_90": False, "revenue_90": 0.2},
            {"came_back_90": True, "recovery_grade": "none"},
            {"came_back_90": True, "is_complaint": False},
            {"came_back_90": True, "recovery_grade": None},
            {},
        )
    )

    came_back, revenue = find(table, "came_back", days=90), find(table, "revenue", days=90)
    assert (came_back["raw_rate"], came_back["n"], came_back["n_excluded"]) == (0.5, 2, 1)
    assert (revenue["raw_rate"], revenue["kind"]) == (0.15, "loyalty")
    assert find(table, "came_back", "none", days=90)["n"] == 1
    assert find(table, "csat")["kind"] == "satisfaction"


def test_every_grade_stands_in_every_segment_and_outcome() -> None:
    table = compare(cases({"segment": "gold", "came_back_90": True}, {"segment": "all"}))

    rows = {tuple(row[name] for name in RECOVERY_CELLS.key) for row in table.to_pylist()}
    assert rows == {
        (outcome.name, outcome.horizon_days, segment, grade)
        for outcome in OUTCOMES
        for segment in ("all", "all (segment)", "gold")
        for grade in GRADES
    }
    assert table.num_rows == len(rows)


@pytest.mark.parametrize(
    ("rows", "grade", "reason"),
    [
        pytest.param([{}] * 3, "full", "no outcome data", id="no events export"),
        pytest.param([{"came_back_30": True, "recovery_grade": None}] * 3, "full", "no recovery grade", id="ungraded"),
        pytest.param([{"recovery_grade": None}] * 3, "full", "no outcome data", id="neither"),
        pytest.param(
            [{"came_back_30": True}] * 3,
            "none",
            "fewer cases than the minimum group size",
            id="nobody in the grade",
        ),
        pytest.param([{"came_back_30": True}] * 2, "full", "fewer cases than the minimum group size", id="too few"),
        pytest.param([{"came_back_30": True}] * 3, "full", "not computed", id="enough"),
    ],
)
def test_the_reason_says_why_there_is_no_effect(rows: list[dict[str, object]], grade: str, reason: str) -> None:
    row = find(compare(cases(*rows), min_group=3), "came_back", grade, days=30)

    assert (row["reason"], row["estimable"]) == (reason, False)
    assert (row["raw_rate"] is None) == (reason != "not computed")
    assert all(row[name] is None for name in ADJUSTED)


def test_one_case_has_a_mean_without_interval() -> None:
    row = find(compare(cases({"csat": 4.0})), "csat")

    assert (row["raw_rate"], row["raw_low"], row["raw_high"]) == (4.0, None, None)


def test_equal_values_have_an_interval_of_no_width() -> None:
    row = find(compare(cases(*[{"revenue_30": 0.1}] * 7)), "revenue", days=30)

    assert (row["raw_rate"], row["raw_low"], row["raw_high"]) == (0.1, 0.1, 0.1)


def test_large_money_keeps_its_cents() -> None:
    values = [9_000_000_000.01, -9_000_000_000.0, 0.02]
    row = find(compare(cases(*({"revenue_30": value} for value in values))), "revenue", days=30)

    assert row["raw_rate"] == 0.01


def test_means_have_the_interval_of_statsmodels() -> None:
    batch = random_cases(seed=13, rows=600)
    graded = batch.filter(pc.and_(batch["is_complaint"], pc.equal(batch["recovery_grade"], "partial")))
    values = graded["revenue_90"].drop_null().to_numpy()

    row = find(compare(batch), "revenue", "partial", days=90)

    assert row["n"] == len(values) > 50
    assert (row["raw_low"], row["raw_high"]) == pytest.approx(DescrStatsW(values).zconfint_mean(), rel=1e-12)


@pytest.mark.parametrize("min_group", [1, 20])
def test_duckdb_computes_the_same(min_group: int) -> None:
    batch = random_cases(seed=14, rows=1500)
    expected = recovery_by_sql(batch).to_pylist()

    table = check_batch(compare(batch, min_group=min_group), RECOVERY_LOYALTY)

    assert len(expected) == len(OUTCOMES) * 6 * 4  # the fourth: complaints without a grade
    assert_same_rows(table.to_pylist(), [_publish(row, min_group) for row in expected])


def _publish(known: dict, min_group: int) -> dict:
    is_shown = known["n"] >= min_group
    rates = {name: known[name] if is_shown else None for name in ("raw_rate", "raw_low", "raw_high")}
    reason = "not computed" if is_shown else "fewer cases than the minimum group size"
    if known["recovery_grade"] == "unknown":
        reason = "no recovery grade"
    published = known | rates | dict.fromkeys(ADJUSTED) | {"estimable": False, "reason": reason}
    return {name: published[name] for name in RECOVERY_LOYALTY.schema.names}


def test_no_complaints_give_no_rows() -> None:
    assert compare().equals(RECOVERY_LOYALTY.empty(), check_metadata=True)
    assert compare(CASES.empty()).equals(RECOVERY_LOYALTY.empty(), check_metadata=True)
    assert compare(cases({"is_complaint": False})).equals(RECOVERY_LOYALTY.empty(), check_metadata=True)


def test_slices_count_their_own_rows_only() -> None:
    assert compare(pa.concat_batches([CASES_100, CASES_100]).slice(100)) == compare(CASES_100)


@given(cuts=CUTS, seed=SEEDS)
@settings(max_examples=25, deadline=None)
def test_cuts_and_order_do_not_matter(cuts: list[int], seed: int) -> None:
    encode = RecordBatchCoder().encode

    assert encode(compare(*cut_rows(CASES_100, cuts, seed), min_group=5)) == encode(compare(CASES_100, min_group=5))


def test_a_collection_of_cases_becomes_the_table() -> None:
    table_of = SummariseCells(RECOVERY_CELLS, recovery_cells, partial(recovery_from_cells, min_group=5))
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        table = pipeline | beam.Create(cut_rows(CASES_100, [10, 70], seed=2)) | table_of
        assert_that(table, equal_to([compare(CASES_100, min_group=5)]))


def test_complaints_without_a_grade_have_a_row_where_their_outcome_is_known() -> None:
    # As in an export of complaints without replies: who disputed is known, how they were recovered is not.
    rows = [{"disputed": disputed, "recovery_grade": None} for disputed in (True, False, False, False, None)]
    table = compare(cases(*rows), min_group=2)
    found = {
        (row["recovery_grade"], row["n"], row["n_excluded"], row["raw_rate"], row["reason"])
        for row in table.to_pylist()
        if (row["outcome"], row["segment"]) == ("disputed", "all")
    }
    assert found == {
        ("unknown", 4, 1, 0.25, "no recovery grade"),
        *((grade, 0, 0, None, "no recovery grade") for grade in GRADES),
    }
    assert "unknown" not in table.filter(pc.equal(table["outcome"], "came_back"))["recovery_grade"].to_pylist()

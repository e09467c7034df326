from functools import partial

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from schemas.cases import CASES
from schemas.check_batch import check_batch
from schemas.coder import RecordBatchCoder
from schemas.errors import UsageError
from tests.factories import random_cases
from tests.transforms.aggregate_oracle import assert_same_rows, groups_by_sql
from tests.transforms.cutting import CUTS, SEEDS, cut_rows
from transforms.combine_cells import SummariseCells, combine_cells
from transforms.summarise_groups import GROUP_CELLS, GROUPS, group_cells, groups_from_cells

CASES_120 = random_cases(seed=6, rows=120)
# A case of which nothing is known.
CASE = random_cases(seed=1, rows=1).to_pylist()[0] | {
    "team": "north", "is_complaint": False, "resolved_at": None, "first_reply_breached": None,
    "resolution_breached": None, "recovery_grade": None, "state_close": None, "status": None,
    "perception_gap": None, "reopenings": None, "validity": "unknown", "replies": 0, "steps": None,
    "attitude_seconds": None, "hand_offs": 0, "repeated_contacts": 0, "first_reply_seconds": None,
    "resolution_seconds": None, "concrete_seconds": None,
}  # fmt: skip


def cases(*rows: dict[str, object]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([CASE | row for row in rows], schema=CASES.schema)


def summarise(*batches: pa.RecordBatch, group: str = "team", min_group: int = 1) -> pa.RecordBatch:
    cells = combine_cells([group_cells(batch, group=group) for batch in batches], cells=GROUP_CELLS)
    return groups_from_cells(cells, group=group, min_group=min_group)


@pytest.mark.parametrize(
    ("figure", "rows", "expected"),
    [
        ("cases", [{}, {}], 2),
        ("complaints", [{"is_complaint": True}, {}], 1),
        ("resolved_share", [{"resolved_at": 1}, {}, {}, {}], 0.25),
        ("breached_share", [{"first_reply_breached": False, "resolution_breached": True}, {}], 1.0),
        ("breached_share", [{"first_reply_breached": False}, {"resolution_breached": True}], 0.5),
        ("breached_share", [{}], None),
        (
            "fully_recovered_share",
            [{"is_complaint": True, "recovery_grade": g} for g in ("full", "none", None)],
            0.5,
        ),
        ("fully_recovered_share", [{"recovery_grade": "full"}], None),
        ("left_in_uncertainty_share", [{"state_close": "uncertainty"}, {"state_close": "neutral"}, {}], 0.5),
        ("left_in_amazement_share", [{"state_close": "amazement"}, {"state_close": "neutral"}, {}], 0.5),
        (
            "perception_gap_share",
            [{"status": "solved", "perception_gap": gap} for gap in (True, False, None)],
            0.5,
        ),
        ("perception_gap_share", [{"status": "open", "perception_gap": False}], None),
        ("reopened_share", [{"reopenings": 2}, {"reopenings": 0}, {}], 0.5),
        (
            "upheld_share",
            [{"is_complaint": True, "validity": v} for v in ("upheld", "refused", "unknown")],
            0.5,
        ),
        ("upheld_share", [{"validity": "upheld"}], None),
        (
            "warmth_share",
            [{"is_complaint": True, "replies": 1, "steps": [], "attitude_seconds": s} for s in (9, None)],
            0.5,
        ),
        ("warmth_share", [{"is_complaint": True, "replies": 1, "steps": None}], None),
        ("hand_offs_mean", [{"hand_offs": 3}, {}], 1.5),
        ("repeated_contacts_mean", [{"repeated_contacts": 1}, {}], 0.5),
        ("first_reply_seconds_median", [{"first_reply_seconds": s} for s in (40, 10, 30, 20)], 20),
        ("first_reply_seconds_p90", [{"first_reply_seconds": s} for s in range(1, 11)], 9),
        ("first_reply_seconds_p90", [{"first_reply_seconds": s} for s in range(1, 12)], 10),
        ("resolution_seconds_median", [{"resolution_seconds": -5}, {}], -5),
        ("concrete_seconds_median", [{}], None),
    ],
)
def test_a_figure_counts_what_its_meaning_says(
    figure: str, rows: list[dict[str, object]], expected: float | None
) -> None:
    assert summarise(cases(*rows))[figure].to_pylist() == [expected]


def test_groups_below_the_minimum_show_nothing() -> None:
    table = summarise(cases(*[{"team": "large"}] * 3, {"team": "small"}, {"team": "small"}), min_group=3)

    large, small = table.to_pylist()
    assert (large["cases"], large["is_suppressed"]) == (3, False)
    assert {name: value for name, value in small.items() if value is not None} == {
        "team": "small",
        "is_suppressed": True,
    }
    # Nothing is left in memory under the nulls either.
    assert np.frombuffer(table["cases"].buffers()[1], np.int64).tolist() == [3, 0]


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("min_group", [1, 5])
def test_duckdb_computes_the_same(group: str, min_group: int) -> None:
    several = random_cases(seed=9, rows=1000)
    rare = random_cases(seed=10, rows=4).set_column(5, several.schema.field(5), pa.array(["rare"] * 4))
    batch = pa.concat_batches([several, rare]) if group == "touchpoint" else several
    expected = groups_by_sql(batch, group=group, min_group=min_group).to_pylist()

    table = check_batch(summarise(batch, group=group, min_group=min_group), GROUPS[group])

    assert len(expected) >= 4
    names = GROUPS[group].schema.names
    shown = [
        {name: row[name] if name in (group, "is_suppressed") or not row["is_suppressed"] else None for name in names}
        for row in expected
    ]
    assert_same_rows(table.to_pylist(), shown)


@given(st.lists(st.integers(0, 12), min_size=1, max_size=60))
@settings(deadline=None)
def test_quantiles_are_the_smallest_value_that_covers_the_fraction(seconds: list[int]) -> None:
    table = summarise(cases(*({"first_reply_seconds": value} for value in seconds)))

    for figure, percent in (("median", 50), ("p90", 90)):
        covering = [v for v in seconds if 100 * sum(w <= v for w in seconds) >= percent * len(seconds)]
        assert table[f"first_reply_seconds_{figure}"].to_pylist() == [min(covering)]


def test_intervals_are_wilson_by_statsmodels() -> None:
    rows = [{"state_close": "uncertainty" if n < 7 else "neutral"} for n in range(23)]
    table = summarise(cases(*rows))

    low, high = proportion_confint(7, 23, alpha=0.05, method="wilson")
    assert table["left_in_uncertainty_low"].to_pylist() == [pytest.approx(low, rel=1e-12)]
    assert table["left_in_uncertainty_high"].to_pylist() == [pytest.approx(high, rel=1e-12)]


@pytest.mark.parametrize("group", GROUPS)
def test_no_cases_give_no_rows(group: str) -> None:
    empty = GROUPS[group].empty()

    assert summarise(group=group).equals(empty, check_metadata=True)
    assert summarise(CASES.empty(), group=group).equals(empty, check_metadata=True)


def test_a_company_that_names_no_team_has_one_unknown_group() -> None:
    nameless = CASES_120.set_column(6, CASES_120.schema.field(6), pa.nulls(120, pa.string()))

    assert summarise(nameless)["team"].to_pylist() == ["unknown"]


def test_slices_count_their_own_rows_only() -> None:
    assert summarise(pa.concat_batches([CASES_120, CASES_120]).slice(120)) == summarise(CASES_120)


@given(cuts=CUTS, seed=SEEDS, group=st.sampled_from(list(GROUPS)))
@settings(max_examples=30, deadline=None)
def test_cuts_and_order_do_not_matter(cuts: list[int], seed: int, group: str) -> None:
    encode = RecordBatchCoder().encode
    cut = summarise(*cut_rows(CASES_120, cuts, seed), group=group, min_group=25)

    assert encode(cut) == encode(summarise(CASES_120, group=group, min_group=25))


def test_a_collection_of_cases_becomes_the_table() -> None:
    table_of = SummariseCells(
        GROUP_CELLS,
        partial(group_cells, group="channel"),
        partial(groups_from_cells, group="channel", min_group=5),
    )
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        table = pipeline | beam.Create(cut_rows(CASES_120, [30], seed=2)) | table_of
        assert_that(table, equal_to([summarise(CASES_120, group="channel", min_group=5)]))


def test_other_groups_are_refused() -> None:
    with pytest.raises(UsageError, match="group is 'agent'; it must be one of touchpoint, channel, team"):
        group_cells(CASES_120, group="agent")

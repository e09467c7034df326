from datetime import UTC, datetime, timedelta
from functools import partial

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given, settings

from schemas.check_batch import check_batch
from schemas.coder import RecordBatchCoder
from schemas.errors import ContractError
from schemas.journeys import JOURNEYS, SPELL_STATES
from schemas.state_transitions import STATE_TRANSITIONS
from tests.factories import random_journeys
from tests.transforms.aggregate_oracle import transitions_by_sql
from tests.transforms.cutting import CUTS, SEEDS, cut_rows
from transforms.combine_cells import SummariseCells, combine_cells
from transforms.count_transitions import TRANSITION_CELLS, transition_cells, transitions_from_cells

MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
UNTIL = datetime(2024, 3, 14, 12, tzinfo=UTC)
JOURNEYS_60 = random_journeys(seed=3, customers=60)


def week(number: float) -> datetime:
    return MONDAY + timedelta(weeks=number)


def journey(*starts: datetime, customer: str = "c", segment: str | None = "gold") -> list[dict[str, object]]:
    ends = [*starts[1:], None]
    return [
        {
            "customer_key": customer, "spell_number": number, "state": SPELL_STATES[(number + 1) % 2],
            "started_at": start, "ended_at": end, "days": 0.0, "is_censored": end is None,
            "entry_reason": "new_customer", "case_id": None, "segment": segment, "complaints": 0,
        }
        for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1)
    ]  # fmt: skip


def batch_of(*journeys: list[dict[str, object]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([spell for spells in journeys for spell in spells], schema=JOURNEYS.schema)


def count(
    *batches: pa.RecordBatch, until: datetime = UNTIL, min_group: int = 1, segment: str | None = None
) -> pa.RecordBatch:
    cells = combine_cells([transition_cells(batch) for batch in batches], cells=TRANSITION_CELLS)
    table = transitions_from_cells(cells, until=until, min_group=min_group)
    return table.filter(pc.equal(table["segment"], segment)) if segment else table


def flows(table: pa.RecordBatch) -> list[tuple[int, str, str, int | None]]:
    """Rows as (week number, from, to, transitions), with states by their first letter."""
    return [
        (
            (row["week"] - MONDAY.date()).days // 7,
            row["from_state"][0],
            row["to_state"][0],
            row["transitions"],
        )
        for row in table.to_pylist()
    ]


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        pytest.param([week(0.5)], [(0, "n", "u", 1), (1, "u", "u", 1)], id="new, then stays in whole weeks only"),
        pytest.param(
            [week(0)],
            [(0, "n", "u", 1), (1, "u", "u", 1)],
            id="a start on Monday's first moment is in the week",
        ),
        pytest.param(
            [week(0.5), week(1.5)], [(0, "n", "u", 1), (1, "u", "a", 1)], id="a week with a change is no stay"
        ),
        pytest.param(
            [week(0.1), week(0.2), week(0.3), week(0.4), week(0.5)],
            [(0, "a", "u", 2), (0, "n", "u", 1), (0, "u", "a", 2), (1, "u", "u", 1)],
            id="every change counts",
        ),
        pytest.param(
            [week(-1), week(1)],
            [(-1, "n", "u", 1), (0, "u", "u", 1), (1, "u", "a", 1)],
            id="an end on Monday's first moment leaves the week before whole",
        ),
        pytest.param([week(2.2)], [(2, "n", "u", 1)], id="the week in which the data ends is not over"),
        pytest.param([week(3)], [], id="nothing counts after the data"),
    ],
)
def test_a_journey_is_counted_by_week(starts: list[datetime], expected: list[object]) -> None:
    assert flows(count(batch_of(journey(*starts)), until=week(2.5), segment="gold")) == expected


def test_data_that_ends_on_sunday_midnight_has_a_whole_last_week() -> None:
    table = count(batch_of(journey(week(0.5))), until=week(2), segment="gold")

    assert flows(table) == [(0, "n", "u", 1), (1, "u", "u", 1)]


def test_segments_stand_beside_everybody() -> None:
    table = count(
        batch_of(
            journey(week(0.5), customer="a", segment=None),
            journey(week(0.5), customer="b", segment="all"),
            journey(week(0.5), customer="c", segment="gold"),
        ),
        until=week(0.9),
    )

    counts = dict(zip(table["segment"].to_pylist(), table["transitions"].to_pylist(), strict=True))
    assert counts == {"all": 3, "all (segment)": 1, "gold": 1, "unknown": 1}


def test_small_groups_are_suppressed_by_customers_and_not_by_changes() -> None:
    restless = journey(*(week(0.1 * step) for step in range(1, 9)), customer="a")
    table = count(batch_of(restless, journey(week(0.5), customer="b")), until=week(0.9), min_group=2, segment="all")

    assert flows(table) == [(0, "a", "u", None), (0, "n", "u", 2), (0, "u", "a", None)]
    assert table["is_suppressed"].to_pylist() == [True, False, True]
    # Nothing of the suppressed count is left under the null.
    assert np.frombuffer(table["transitions"].buffers()[1], np.int64).tolist() == [0, 2, 0]


@pytest.mark.parametrize("min_group", [1, 5])
@pytest.mark.parametrize("until", [UNTIL, datetime(2024, 3, 18, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC)])
def test_duckdb_counts_the_same(until: datetime, min_group: int) -> None:
    journeys = random_journeys(seed=11, customers=400)
    journeys = journeys.filter(pc.less_equal(journeys["started_at"], pa.scalar(until)))

    table = check_batch(count(journeys, until=until, min_group=min_group), STATE_TRANSITIONS)

    assert table.num_rows > 100
    assert table.to_pylist() == transitions_by_sql(journeys, until=until, min_group=min_group).to_pylist()


def test_no_journeys_give_no_rows() -> None:
    assert count(JOURNEYS.empty()).equals(STATE_TRANSITIONS.empty(), check_metadata=True)
    assert count().equals(STATE_TRANSITIONS.empty(), check_metadata=True)


def test_unknown_segments_alone_are_counted() -> None:
    table = count(batch_of(journey(week(0.5), segment=None)), until=week(0.9))

    assert table["segment"].to_pylist() == ["all", "unknown"]


@given(cuts=CUTS, seed=SEEDS)
@settings(max_examples=30, deadline=None)
def test_cuts_between_customers_and_order_do_not_matter(cuts: list[int], seed: int) -> None:
    customers = pa.record_batch({"customer_key": JOURNEYS_60["customer_key"].unique()})
    parts = [
        JOURNEYS_60.filter(pc.is_in(JOURNEYS_60["customer_key"], part["customer_key"]))
        for part in cut_rows(customers, cuts, seed)
    ]
    shuffled = [cut_rows(part, [], seed)[0] for part in parts]

    encode = RecordBatchCoder().encode
    assert encode(count(*shuffled, min_group=3)) == encode(count(JOURNEYS_60, min_group=3))


def test_a_batch_with_part_of_a_journey_is_refused() -> None:
    spells = batch_of(journey(week(0.5), week(1.5), customer="a"), journey(week(0.5), customer="b"))

    with pytest.raises(ContractError, match="spells of 1 customers are missing from the batch"):
        transition_cells(spells.slice(1))


def test_a_collection_of_journeys_becomes_the_table() -> None:
    summarise = SummariseCells(
        TRANSITION_CELLS, transition_cells, partial(transitions_from_cells, until=UNTIL, min_group=5)
    )
    other = random_journeys(seed=4, customers=10)
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        table = pipeline | beam.Create([JOURNEYS_60, other]) | summarise
        assert_that(table, equal_to([count(JOURNEYS_60, other, min_group=5)]))


def test_weeks_before_the_data_begins_are_left_out_and_their_customers_are_not() -> None:
    cells = transition_cells(batch_of(journey(week(-5_000), week(2))))
    table = transitions_from_cells(cells, since=week(1), until=week(4), min_group=1)
    everything = flows(transitions_from_cells(cells, until=week(4), min_group=1))
    assert flows(table) == [flow for flow in everything if flow[0] >= 1]
    assert table["week"][0].as_py() == week(1).date()

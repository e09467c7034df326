from datetime import date, timedelta

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given, settings

from schemas.cases import CASES
from schemas.check_batch import check_batch
from schemas.coder import RecordBatchCoder
from schemas.messages import MESSAGES
from schemas.sentiment_daily import SENTIMENT_DAILY
from tests.factories import DAY_SECONDS, MIDNIGHT, random_cases, random_messages
from tests.transforms.aggregate_oracle import days_by_sql
from tests.transforms.cutting import CUTS, SEEDS, cut_rows
from transforms.combine_cells import CombineCells, combine_cells
from transforms.summarise_days import DAY_CELLS, case_day_cells, days_from_cells, message_day_cells

CASES_80, MESSAGES_200 = random_cases(seed=5, rows=80), random_messages(seed=5, rows=200)
CASE = random_cases(seed=1, rows=1).to_pylist()[0] | {"channel": "chat", "lang": "en", "status": "open"}
MESSAGE = random_messages(seed=1, rows=1).to_pylist()[0] | {"channel": "chat", "lang": "en"}


def case(opened: float, *, resolved: float | None = None, due: float | None = None, **other: object) -> pa.RecordBatch:
    times = {"opened_at": opened, "resolved_at": resolved, "resolution_due_at": due}
    moments = {
        name: None if day is None else MIDNIGHT + timedelta(seconds=round(day * DAY_SECONDS))
        for name, day in times.items()
    }
    return pa.RecordBatch.from_pylist([CASE | moments | other], schema=CASES.schema)


def message(day: float, role: str = "system", **other: object) -> pa.RecordBatch:
    labels = {"role": role, "sentiment": None, "state": None}
    sent_at = {"sent_at": MIDNIGHT + timedelta(days=day)}
    return pa.RecordBatch.from_pylist([MESSAGE | labels | sent_at | other], schema=MESSAGES.schema)


def summarise(*batches: pa.RecordBatch) -> pa.RecordBatch:
    cells = [(case_day_cells if "opened_at" in batch.schema.names else message_day_cells)(batch) for batch in batches]
    return days_from_cells(combine_cells(cells, cells=DAY_CELLS))


def figures(table: pa.RecordBatch, *names: str) -> dict[int, tuple[int, ...]]:
    """Some columns by day number."""
    first = MIDNIGHT.date()
    return {
        (row["day"] - first).days: tuple(row[name] for name in names)
        for row in table.to_pylist()
    }  # fmt: skip


@pytest.mark.parametrize(
    ("opened", "resolved", "due", "expected"),
    [
        pytest.param(0.5, None, None, {0: (1, 0), 1: (1, 0), 2: (1, 0), 3: (1, 0)}, id="open to the end"),
        pytest.param(0.5, 0.9, 0.6, {0: (0, 0), 3: (0, 0)}, id="solved on the day: never in the backlog"),
        pytest.param(0.5, 2.0, None, {0: (1, 0), 1: (1, 0), 2: (0, 0), 3: (0, 0)}, id="solved at midnight"),
        pytest.param(0.5, 2.5, 1.5, {0: (1, 0), 1: (1, 1), 2: (0, 0), 3: (0, 0)}, id="late for one day"),
        pytest.param(0.5, None, 2.0, {0: (1, 0), 1: (1, 0), 2: (1, 1), 3: (1, 1)}, id="due at midnight"),
        pytest.param(0.5, None, 0.2, {0: (1, 1), 1: (1, 1), 2: (1, 1), 3: (1, 1)}, id="due before it was opened"),
        pytest.param(0.5, None, 9.0, {0: (1, 0), 1: (1, 0), 2: (1, 0), 3: (1, 0)}, id="due after the data ends"),
        pytest.param(1.5, 0.5, None, {0: (0, 0), 1: (0, 0), 3: (0, 0)}, id="a status from before the opening"),
    ],
)
def test_the_backlog_runs_from_opening_to_resolution(
    opened: float, resolved: float | None, due: float | None, expected: dict[int, tuple[int, int]]
) -> None:
    table = summarise(case(opened, resolved=resolved, due=due), message(3.5))

    assert figures(table, "backlog", "backlog_in_arrears") == expected


def test_cases_without_a_status_are_opened_but_never_in_the_backlog() -> None:
    table = summarise(case(0.5, due=0.6, status=None), message(1.5))

    assert figures(table, "cases_opened", "backlog", "backlog_in_arrears") == {0: (1, 0, 0), 1: (0, 0, 0)}


def test_unread_messages_make_a_day_but_no_tone() -> None:
    table = summarise(
        message(0, "customer"),
        message(1, "customer", sentiment="negative", state="uncertainty"),
        message(2, "agent"),
        message(3, "internal"),
    )

    names = ("customer_messages", "negative", "in_uncertainty", "agent_messages")
    assert figures(table, *names) == {0: (0, 0, 0, 0), 1: (1, 1, 1, 0), 2: (0, 0, 0, 1), 3: (0, 0, 0, 0)}


def test_times_before_1970_and_at_the_last_microsecond_fall_on_their_day() -> None:
    early = (date(1969, 12, 31) - MIDNIGHT.date()).days
    table = summarise(message(early + 1 - 1e-6 / DAY_SECONDS), message(early + 2))

    assert table["day"].to_pylist() == [date(1969, 12, 31), date(1970, 1, 2)]


def test_duckdb_counts_the_same() -> None:
    messages, cases = random_messages(seed=8, rows=3000), random_cases(seed=8, rows=800)

    table = check_batch(summarise(messages, cases), SENTIMENT_DAILY)

    assert table.num_rows > 500
    assert pc.sum(table["backlog_in_arrears"]).as_py() > 100
    assert table.to_pylist() == days_by_sql(messages, cases).to_pylist()


def test_nothing_gives_no_rows() -> None:
    assert summarise().equals(SENTIMENT_DAILY.empty(), check_metadata=True)
    assert summarise(MESSAGES.empty(), CASES.empty()).equals(SENTIMENT_DAILY.empty(), check_metadata=True)


def test_slices_count_their_own_rows_only() -> None:
    whole = pa.concat_batches([MESSAGES_200, MESSAGES_200])

    assert summarise(whole.slice(200), CASES_80) == summarise(MESSAGES_200, CASES_80)


@given(cuts=CUTS, seed=SEEDS)
@settings(max_examples=30, deadline=None)
def test_cuts_and_order_do_not_matter(cuts: list[int], seed: int) -> None:
    cut = cut_rows(CASES_80, cuts, seed) + cut_rows(MESSAGES_200, cuts[::2], seed)

    encode = RecordBatchCoder().encode
    assert encode(summarise(*cut)) == encode(summarise(MESSAGES_200, CASES_80))


def test_two_collections_become_the_table() -> None:
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        messages = pipeline | "Messages" >> beam.Create([MESSAGES_200]) | beam.Map(message_day_cells)
        cases = pipeline | "Cases" >> beam.Create(cut_rows(CASES_80, [50], 1)) | beam.Map(case_day_cells)
        table = (messages, cases) | beam.Flatten() | CombineCells(DAY_CELLS) | "Table" >> beam.Map(days_from_cells)
        assert_that(table, equal_to([summarise(MESSAGES_200, CASES_80)]))

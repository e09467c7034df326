import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given, settings

from schemas.cases import CASES
from schemas.check_batch import check_batch
from schemas.messages import MESSAGES
from schemas.personal_data.rule import TAGS
from schemas.quality import QUALITY
from schemas.quality_cells import QUALITY_CELLS
from tests.factories import random_cases, random_messages
from tests.transforms.aggregate_oracle import labels_by_sql, run_sql
from tests.transforms.cutting import CUTS, SEEDS, cut_rows
from transforms.combine_cells import CombineCells, combine_cells
from transforms.count_quality import count_cases, count_labels, quality_from_cells

MESSAGES_200, CASES_90 = random_messages(seed=2, rows=200), random_cases(seed=2, rows=90)


def count(*batches: pa.RecordBatch) -> pa.RecordBatch:
    cells = [(count_cases if "opened_at" in batch.schema.names else count_labels)(batch) for batch in batches]
    return quality_from_cells(combine_cells(cells, cells=QUALITY_CELLS))


def counters(table: pa.RecordBatch) -> dict[tuple[str, str, str], float]:
    return {(row["scope"], row["item"], row["counter"]): row["value"] for row in table.to_pylist()}


def texts(*values: str | None) -> pa.RecordBatch:
    index = MESSAGES.schema.get_field_index("text")
    return MESSAGES_200.slice(0, len(values)).set_column(index, MESSAGES.schema.field(index), pa.array(values))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["[EMAIL] and [EMAIL]", "[PHONE]"], {"EMAIL": 2, "PHONE": 1}),
        (["[EMAIL", "EMAIL]", "[email]", "[]"], {}),
        (["[[EMAIL]]", None], {"EMAIL": 1}),
        ([""], {}),
    ],
)
def test_tags_in_texts_are_counted(values: list[str | None], expected: dict[str, int]) -> None:
    counted = {
        item: value for (scope, item, _), value in counters(count(texts(*values))).items() if scope == "redaction"
    }

    assert counted == dict.fromkeys(TAGS, 0) | expected


def test_without_stored_texts_redactions_are_not_said_to_be_none() -> None:
    assert "redaction" not in count(texts("", None).slice(1))["scope"].to_pylist()


def test_duckdb_counts_the_same_labels() -> None:
    messages = random_messages(seed=3, rows=2000)

    table = check_batch(count(messages), QUALITY)

    assert table.to_pylist() == labels_by_sql(messages, tags=list(TAGS)).to_pylist()


def test_duckdb_counts_the_same_cases() -> None:
    cases = random_cases(seed=3, rows=1000)
    query = """
        select count(*) as rows, count(*) filter (is_complaint) as complaints,
            count(customer_key) as customer_known, count(status) as status_known,
            count(state_close) as state_known, count(*) filter (replies > 0) as answered,
            count(*) - count(steps) as steps_unknown, count(resolved_at) as resolved,
            count(recovery_grade) filter (is_complaint) as graded,
            count(*) filter (recovery_grade = 'none') as grade_none,
            count(*) filter (recovery_grade = 'partial') as grade_partial,
            count(*) filter (recovery_grade = 'full') as grade_full,
            count(came_back_90) filter (is_complaint) as with_outcome,
            count(*) filter (needs_review) as needs_review
        from cases
    """
    expected = run_sql(query, cases=cases).to_pylist()[0]

    assert counters(count(cases)) == {("table", "cases", name): value for name, value in expected.items()}
    assert min(expected.values()) > 0


def test_no_rows_give_no_counters() -> None:
    assert count() == QUALITY.empty()
    assert count(MESSAGES.empty(), CASES.empty()) == QUALITY.empty()


def test_slices_count_their_own_rows_only() -> None:
    assert count(pa.concat_batches([MESSAGES_200, MESSAGES_200]).slice(200)) == count(MESSAGES_200)


@given(cuts=CUTS, seed=SEEDS)
@settings(max_examples=25, deadline=None)
def test_cuts_and_order_do_not_matter(cuts: list[int], seed: int) -> None:
    cut = cut_rows(MESSAGES_200, cuts, seed) + cut_rows(CASES_90, cuts[1:], seed)

    assert count(*cut) == count(MESSAGES_200, CASES_90)


def test_two_collections_become_the_counters() -> None:
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        labels = pipeline | "Messages" >> beam.Create([MESSAGES_200]) | beam.Map(count_labels)
        cases = pipeline | "Cases" >> beam.Create([CASES_90]) | beam.Map(count_cases)
        cells = (labels, cases) | beam.Flatten() | CombineCells(QUALITY_CELLS)
        assert_that(cells | "Table" >> beam.Map(quality_from_cells), equal_to([count(MESSAGES_200, CASES_90)]))

"""QUALITY, the labels' and cases' part: counters that say how far the tables can be trusted."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from schemas.arithmetic.segments import UNKNOWN
from schemas.personal_data.rule import TAGS
from schemas.quality import QUALITY
from schemas.quality_cells import QUALITY_CELLS
from schemas.types import COUNT, NUMBER, TEXT


def count_labels(messages: pa.RecordBatch) -> pa.RecordBatch:
    """Count messages and labels of one batch.

    Args:
        messages: MESSAGES columns role, lang, text, needs_review, model_revision.

    Returns:
        QUALITY_CELLS: `rows`, `labelled` and `needs_review` of the table and by role and language; `labelled`
        by model revision; `tags` by kind of personal data, where the batch holds texts.
    """
    everything = pa.repeat(pa.scalar("messages"), messages.num_rows)
    is_labelled = messages["model_revision"].is_valid()
    flags = {
        "rows": messages["role"].is_valid(),
        "labelled": is_labelled,
        "needs_review": messages["needs_review"],
    }
    revisions = messages["model_revision"].filter(is_labelled)
    return pa.concat_batches(
        [
            *_count_flags("table", everything, flags),
            *_count_flags("role", messages["role"], flags),
            *_count_flags("lang", pc.fill_null(messages["lang"], UNKNOWN), flags),
            *_count_flags("model", revisions, {"labelled": revisions.is_valid()}),
            *_count_tags(messages["text"].drop_null()),
        ]
    )


def count_cases(cases: pa.RecordBatch) -> pa.RecordBatch:
    """Count what is known of the cases of one batch.

    Args:
        cases: CASES columns case_id, customer_key, is_complaint, resolved_at, status, replies, state_close,
            steps, recovery_grade, needs_review, came_back_90.

    Returns:
        QUALITY_CELLS of the table `cases`.
    """
    everything = pa.repeat(pa.scalar("cases"), cases.num_rows)
    is_complaint, grade = cases["is_complaint"], cases["recovery_grade"]
    flags = {
        "rows": cases["case_id"].is_valid(),
        "complaints": is_complaint,
        "customer_known": cases["customer_key"].is_valid(),
        "status_known": cases["status"].is_valid(),
        "state_known": cases["state_close"].is_valid(),
        "answered": pc.greater(cases["replies"], 0),
        "steps_unknown": cases["steps"].is_null(),
        "resolved": cases["resolved_at"].is_valid(),
        "graded": pc.and_(is_complaint, grade.is_valid()),
        "grade_none": pc.equal(grade, "none"),
        "grade_partial": pc.equal(grade, "partial"),
        "grade_full": pc.equal(grade, "full"),
        "with_outcome": pc.and_(is_complaint, cases["came_back_90"].is_valid()),
        "needs_review": cases["needs_review"],
    }
    return pa.concat_batches([QUALITY_CELLS.empty(), *_count_flags("table", everything, flags)])


def quality_from_cells(cells: pa.RecordBatch) -> pa.RecordBatch:
    """Turn cells, added up, into rows of QUALITY; other counters of the run stand beside them."""
    arrays = [*cells.columns[:3], cells["value"].cast(NUMBER)]
    return pa.RecordBatch.from_arrays(arrays, schema=QUALITY.schema)


def _count_flags(scope: str, items: pa.Array, flags: dict[str, pa.Array]) -> Iterator[pa.RecordBatch]:
    columns = {name: flag.fill_null(False).cast(COUNT) for name, flag in flags.items()}
    rows = pa.table({"item": items, **columns}).group_by("item", use_threads=False)
    added = rows.aggregate([(name, "sum") for name in flags])
    for name in flags:
        yield _cells(scope, added["item"], name, added[f"{name}_sum"])


def _count_tags(texts: pa.Array) -> Iterator[pa.RecordBatch]:
    """Count each kind's tag in the texts; nothing where no text is stored: unknown is not 0."""
    if not len(texts):
        return
    tagged = texts.filter(pc.match_substring(texts, "["))
    counts = [pc.sum(pc.count_substring(tagged, tag), min_count=0).cast(COUNT) for tag in TAGS.values()]
    yield _cells("redaction", pa.array(TAGS.keys(), TEXT), "tags", pa.array(counts, COUNT))


def _cells(scope: str, items: pa.Array, counter: str, values: pa.Array) -> pa.RecordBatch:
    constants = [pa.repeat(pa.scalar(text, TEXT), len(items)) for text in (scope, counter)]
    arrays = [constants[0], items, constants[1], values]
    table = pa.Table.from_arrays(arrays, schema=QUALITY_CELLS.schema)
    return pa.concat_batches(table.to_batches() or [QUALITY_CELLS.empty()])

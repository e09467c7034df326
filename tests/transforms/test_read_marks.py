import pyarrow as pa
import pytest

from schemas.errors import ContractError, UsageError
from schemas.events import EVENTS
from schemas.rejects import REJECTS
from schemas.sources.inputs import marked_schema
from transforms.read_marks import KeepRows, RejectRows, keep_rows, reject_rows

SCHEMA = marked_schema("events")


def marked(*reasons: str | None) -> pa.RecordBatch:
    event = {"event_id": "e", "customer_id": "c", "kind": "order", "occurred_at": 0}
    rows = [
        {
            **({} if reason else event),
            "file": f"f{row % 2}",
            "row": row,
            "reject_reason": reason,
            "reject_column": "x",
        }
        for row, reason in enumerate(reasons, start=1)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


BATCH = marked(None, "bad_time", "ignored", "joined", None)


def test_each_row_ends_in_one_place():
    assert keep_rows(BATCH, input_name="events").schema == EVENTS.schema
    assert len(keep_rows(BATCH, input_name="events")) == 2
    rejects = reject_rows(BATCH, input_name="events")
    assert rejects.schema == REJECTS.schema
    assert [tuple(row.values()) for row in rejects.to_pylist()] == [("events", "f0", 2, "bad_time", "x")]


@pytest.mark.parametrize("batch", [marked(), BATCH.slice(5)])
def test_edge_batches(batch):
    assert len(keep_rows(batch, input_name="events")) == len(reject_rows(batch, input_name="events")) == 0


def test_cutting_a_batch_keeps_the_same():
    for branch in (keep_rows, reject_rows):
        whole = branch(BATCH, input_name="events").to_pylist()
        for cut in range(6):
            parts = [branch(part, input_name="events") for part in (BATCH.slice(0, cut), BATCH.slice(cut))]
            assert [row for part in parts for row in part.to_pylist()] == whole


def test_a_hole_in_a_kept_row_is_a_bug_that_is_told():
    hole = BATCH.set_column(0, SCHEMA.field("event_id"), pa.nulls(5, pa.string()))
    with pytest.raises(ContractError, match="a kept row has no event_id"):
        keep_rows(hole, input_name="events")


@pytest.mark.parametrize("transform", [KeepRows, RejectRows])
def test_an_unknown_input_is_refused(transform):
    with pytest.raises(UsageError, match="no input 'event'; did you mean 'events'"):
        transform("event")

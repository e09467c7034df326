"""The demo's truth against the pipeline's own kernels: what is read, and how true labels are graded."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from demo.grade_recovery import grade_recovery
from demo.office_hours import count_office_seconds
from demo.read_conversations import read_conversations
from demo.tell_truth import DemoTruth
from schemas.case_changes import CASE_CHANGES
from schemas.cases import GRADES
from schemas.conform.rows import conform_rows
from schemas.messages import CLEAN_COLUMNS, MESSAGES
from schemas.policy import Policy
from schemas.sources.load import load_source
from tests.demo.scan import scan_messages
from transforms.build_cases import build_cases
from transforms.read_exports import find_exports, find_input, read_texts
from transforms.read_marks import keep_rows

GLOBS = {
    "messages": "messages-*",
    "events": "events.csv",
    "surveys": "surveys.csv",
    "customers": "customers.csv",
    "identities": "identities.csv",
}
SCRIPTS = {talk["id"]: talk["messages"] for talk in read_conversations()}
TruthCases = dict[str, dict[str, str | None]]


def read_input(folder: Path, name: str) -> dict[str, list[pa.RecordBatch]]:
    """The marked batches of each file of an input, as the generic source reads them."""
    found = find_input(load_source("generic"), name)
    return {
        Path(export.file).name: [conform_rows(batch, found) for batch in read_texts(found, export)]
        for export in find_exports(load_source("generic"), name, str(folder / GLOBS[name]))
    }


@pytest.mark.parametrize("name", GLOBS)
def test_the_generic_source_rejects_just_what_is_dirty(written: tuple[Path, DemoTruth], name: str) -> None:
    folder, truth = written
    for file, batches in read_input(folder, name).items():
        reasons = Counter(reason for batch in batches for reason in batch["reject_reason"].to_pylist() if reason)
        wanted = dict(truth.files[file]["rejected"])
        wanted.pop("duplicate_id", None)  # found when all rows of a case are together
        assert reasons == wanted
        assert sum(batch.num_rows for batch in batches) == truth.files[file]["rows"]


def test_true_labels_give_the_true_grades_in_the_pipeline(
    written: tuple[Path, DemoTruth], truth_cases: TruthCases
) -> None:
    messages = label_truly(written[0], truth_cases)
    cases = build_cases(
        messages,
        pa.RecordBatch.from_pylist([], schema=pa.schema([("case_id", pa.string()), *list(CASE_CHANGES.schema)[1:]])),
        policy=Policy(),
        every_case_is_a_complaint=False,
        run_at=datetime(2026, 7, 1, tzinfo=UTC),
    )
    assert cases.num_rows == len(truth_cases)
    for case in cases.select(["case_id", "is_complaint", "opened_at", "recovery_grade", "severity"]).to_pylist():
        truth = truth_cases[case["case_id"]]
        assert case["opened_at"] == datetime.fromisoformat(str(truth["opened_at"]))
        if truth["is_settled"] == "true":
            assert case["is_complaint"] == (truth["is_complaint"] == "true")
            assert (case["recovery_grade"], case["severity"]) == (truth["recovery_grade"], truth["severity"])


def label_truly(folder: Path, truth_cases: TruthCases) -> pa.RecordBatch:
    """The kept messages in the columns of `MESSAGES`, with the labels that they were written with."""
    batches = [batch for parts in read_input(folder, "messages").values() for batch in parts]
    kept = pa.Table.from_batches([keep_rows(batch) for batch in batches])
    names = {"conversation_id": "case_id", "customer_id": "customer_key", "agent_id": "agent_key"}
    kept = kept.append_column("thread", kept["conversation_id"])
    kept = kept.rename_columns([names.get(name, name) for name in kept.schema.names])
    kept = kept.rename_columns(["conversation_id" if name == "thread" else name for name in kept.schema.names])
    kept = kept.group_by(["case_id", "message_id"], use_threads=False).aggregate(
        [(field.name, "first") for field in CLEAN_COLUMNS if field.name not in ("case_id", "message_id")]
    )
    kept = kept.rename_columns([name.removesuffix("_first") for name in kept.schema.names])
    labels = [
        find_label(case_id, message_id, truth_cases)
        for case_id, message_id in zip(kept["case_id"].to_pylist(), kept["message_id"].to_pylist(), strict=True)
    ]
    columns = {name: kept[name] for name in kept.schema.names}
    columns["state"] = pa.array([label.get("state") for label in labels], pa.string())
    columns["sentiment"] = pa.array([label.get("sentiment") for label in labels], pa.string())
    for name in ("signals", "steps"):
        columns[name] = pa.array([label.get(name) for label in labels], pa.list_(pa.string()))
    for field in MESSAGES.schema:
        columns.setdefault(field.name, pa.nulls(len(kept), field.type))
    table = pa.table([columns[name] for name in MESSAGES.schema.names], schema=MESSAGES.schema)
    table = table.sort_by([(name, "ascending") for name in MESSAGES.key])
    return pa.RecordBatch.from_struct_array(table.to_struct_array().combine_chunks())


def find_label(case_id: str, message_id: str, truth_cases: TruthCases) -> dict[str, object]:
    turn = message_id.rpartition("-")[2]
    return SCRIPTS[str(truth_cases[case_id]["script_id"])][int(turn) - 1] if turn.isdigit() else {}


def test_the_files_and_labels_alone_give_the_true_grades(
    written: tuple[Path, DemoTruth], truth_cases: TruthCases
) -> None:
    times: dict[str, list[tuple[str, str]]] = {}
    for row in scan_messages(written[0]):
        times.setdefault(str(row["conversation_id"]), []).append((str(row["sent_at"]), str(row["role"])))
    grades = Counter[str]()
    for case_id, truth in truth_cases.items():
        if truth["is_complaint"] == "false" or truth["is_settled"] == "false":
            continue
        replies = sorted(at for at, role in times[case_id] if role == "agent")
        waited = seconds_of(replies[0]) - seconds_of(str(truth["opened_at"])) if replies else 1e9
        script = SCRIPTS[str(truth["script_id"])]
        steps = [step for message in script for step in message.get("steps", ())]
        assert GRADES[grade_recovery(steps, is_fast=waited <= 3600)] == truth["recovery_grade"]
        grades[str(truth["recovery_grade"])] += 1
    assert min(grades.values()) > 300


def seconds_of(time: str) -> float:
    seconds = pc.strptime(pa.array([time]), "%Y-%m-%dT%H:%M:%SZ", "s").cast(pa.int64()).to_numpy()
    return float(count_office_seconds(seconds.astype(float))[0])

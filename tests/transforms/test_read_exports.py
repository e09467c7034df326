import bz2
import csv
import gzip
import io
import json
from pathlib import Path

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.conform.rows import conform_rows
from schemas.errors import InputError, UsageError
from schemas.rejects import REJECTS
from schemas.sources.load import load_source
from transforms.read_exports import Export, ReadExports, check_export, find_exports, find_input, read_texts
from transforms.read_marks import KeepRows, RejectRows

GENERIC = load_source("generic")
MESSAGES = find_input(GENERIC, "messages")
HEADER = ["id", "thread_id", "role", "sent_at", "text"]
NAMES = ("message_id", "conversation_id", "role", "text", "reject_reason")


def read(*files: Path) -> list[dict]:
    exports = find_exports(GENERIC, "messages", [str(file) for file in files])
    batches = (batch for export in exports for batch in read_texts(MESSAGES, export))
    return [row for batch in batches for row in conform_rows(batch, MESSAGES).to_pylist()]


CELL = st.sampled_from(
    ["1", "22", "", " ", "a,b", 'say "no"', "two\nlines", "customer", "AGENT", "boss", "2024-01-01", "ü"]
)
GOOD = st.tuples(
    st.sampled_from(["1", "2"]), st.just("t"), st.sampled_from(["user", "agent"]), st.just("2024-01-01"), CELL
)
ROWS = st.lists(st.one_of(GOOD.map(list), st.lists(CELL, min_size=1, max_size=6)), max_size=25)
ROLES = {"user": "customer", "customer": "customer", "agent": "agent"}


def loop(row: list[str]) -> tuple:
    """The oracle: what the generic source means, one row at a time."""
    if len(row) != len(HEADER):
        return None, None, None, None, "unparsable_line"
    number, thread, role, time, text = (cell.strip() or None for cell in row)
    known = ROLES.get(role.lower()) if role else None
    reason = None
    if not number or not thread:
        reason = "missing_id"
    elif not known:
        reason = "unknown_role"
    elif time != "2024-01-01":
        reason = "bad_time"
    elif not text:
        reason = "missing_text"
    return number, thread, known, text, reason


def write(rows: list[list[str]], path: Path) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


@settings(deadline=None, max_examples=25)
@given(ROWS, st.integers(0, 25))
def test_a_loop_over_pythons_csv_gives_the_same_rows_and_so_do_several_files(tmp_path_factory, rows, cut):
    folder = tmp_path_factory.mktemp("exports")
    whole = write(rows, folder / "whole.csv")
    with whole.open(newline="", encoding="utf-8") as file:
        records = [record for record in csv.reader(file) if record][1:]
    made = [tuple(row[name] for name in NAMES) for row in read(whole)]
    assert made == [loop(record) for record in records]
    parts = read(write(rows[:cut], folder / "p1.csv"), write(rows[cut:], folder / "p2.csv"))
    assert [tuple(row[name] for name in NAMES) for row in parts] == made


CONTENT = "id,thread_id,role,sent_at,text\n1,t,user,2024-01-01,héllo\n2,t,agent,2024-01-01,\n"


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("x.csv", bytes),
        ("x.csv.gz", gzip.compress),
        ("x.csv.zst", zstandard.compress),
        ("x.csv.bz2", bz2.compress),
    ],
)
def test_compressed_files(tmp_path, name, pack):
    (tmp_path / name).write_bytes(pack(CONTENT.encode()))
    assert [(row["row"], row["text"], row["reject_reason"]) for row in read(tmp_path / name)] == [
        (1, "héllo", None),
        (2, None, "missing_text"),
    ]


def test_the_formats_agree(tmp_path):
    rows = list(csv.DictReader(io.StringIO(CONTENT)))
    (tmp_path / "a.csv").write_text(CONTENT)
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "c.parquet")
    made = [[tuple(row[name] for name in NAMES) for row in read(file)] for file in sorted(tmp_path.iterdir())]
    assert made[0] == made[1] == made[2]


def test_batches_are_cut_to_their_size(tmp_path):
    lines = "".join(f"{row},t,user,2024-01-01,hi\n" for row in range(1, 40_001))
    (tmp_path / "x.csv").write_text(",".join(HEADER) + "\n" + lines)
    batches = list(read_texts(MESSAGES, Export("messages", str(tmp_path / "x.csv"))))
    assert [len(batch) for batch in batches] == [16_384, 16_384, 7_232]
    assert [row for batch in batches for row in batch["staunen:row"].to_pylist()] == list(range(1, 40_001))


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("x.csv.gz", gzip.compress(CONTENT.encode() * 500)[:-20], "cannot be read to its end"),
        ("x.csv.zst", zstandard.compress(CONTENT.encode() * 500)[:-20], "cannot be read to its end"),
        ("x.csv.gz", CONTENT.encode(), "cannot be read to its end"),
        ("x.xlsx", b"PK", "no format is known for '.xlsx': set `format`"),
        ("x.parquet.gz", b"", "Parquet is compressed inside"),
        ("x.csv", b"", "is empty"),
        ("x.csv", CONTENT.replace("thread_id", "thred_id").encode(), "did you mean 'thred_id'"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError) as error:
        read(tmp_path / name)
    assert message in str(error.value)
    assert name in str(error.value)


def test_files_are_found_by_glob_and_table(tmp_path):
    for name in ("b.csv", "a.csv"):
        (tmp_path / name).write_text(CONTENT)
    found = find_exports(GENERIC, "messages", [str(tmp_path / "*.csv"), str(tmp_path / "a.csv")])
    assert [Path(export.file).name for export in found] == ["a.csv", "b.csv"]
    assert find_exports(GENERIC, "changes", {"messages": str(tmp_path / "*.csv")}) == []


@pytest.mark.parametrize(
    ("source", "input_name", "globs", "error", "message"),
    [
        ("generic", "messages", "/nowhere/*.csv", InputError, "matches no file"),
        ("generic", "messages", "odd://bucket/x.csv", InputError, "cannot be looked up"),
        (
            "generic",
            "mesages",
            "x",
            UsageError,
            "does not say how mesages are read; it has messages, changes",
        ),
        ("cfpb", "events", "x", UsageError, "does not say how events are read"),
        ("zendesk", "messages", {"coment": "x"}, UsageError, "no table 'coment'; did you mean 'comment'?"),
        (
            "zendesk",
            "messages",
            {"comment": "x", "user": "x"},
            UsageError,
            "the table 'ticket': add ticket=GLOB",
        ),
    ],
)
def test_a_wrong_call_says_why(source, input_name, globs, error, message):
    with pytest.raises(error) as caught:
        ReadExports(load_source(source), input_name, globs)
    assert message in str(caught.value)


def test_headers_are_checked_before_the_job_runs(tmp_path):
    (tmp_path / "x.jsonl").write_text('{"id": 1}')
    with pytest.raises(InputError, match="the column conversation_id or thread_id"):
        ReadExports(GENERIC, "messages", str(tmp_path / "x.jsonl"))
    (tmp_path / "x.jsonl").write_text("")
    with pytest.raises(InputError, match="is empty"):
        check_export(MESSAGES, Export("messages", str(tmp_path / "x.jsonl")))


def counts_of(marked: beam.PCollection) -> beam.PCollection:
    """How often each mark stands in each file."""
    pairs = marked | beam.FlatMap(lambda b: zip(b["file"].to_pylist(), b["reject_reason"].to_pylist(), strict=True))
    named = pairs | beam.MapTuple(lambda file, reason: (Path(file).name, reason))
    return named | beam.combiners.Count.PerElement()


def test_the_pipeline_keeps_and_rejects(tmp_path):
    (tmp_path / "a.csv").write_text(CONTENT)
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress((",".join(HEADER) + "\n").encode()))
    reader = ReadExports(GENERIC, "messages", str(tmp_path / "*"))
    a, _ = reader.files
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        marked = pipeline | reader
        kept, rejects = marked | KeepRows(), marked | RejectRows()
        assert kept.element_type is rejects.element_type is pa.RecordBatch
        assert_that(kept | "K" >> beam.FlatMap(lambda rows: rows["message_id"].to_pylist()), equal_to(["1"]), "k")
        made = rejects | "R" >> beam.FlatMap(lambda rows: [tuple(row.values()) for row in rows.to_pylist()])
        assert_that(made, equal_to([("messages", a, 2, "missing_text", "text")]), "r")
        assert_that(counts_of(marked), equal_to([(("a.csv", None), 1), (("a.csv", "missing_text"), 1)]), "c")
    assert REJECTS.key == ("input", "file", "row")


TABLES = {
    "comment": "id,body,created,public,ticket_id,user_id\n1,Help,2024-01-01,true,10,7\n"
    "2,Sorry,2024-01-02,true,10,8\n3,x,2024-01-02,true,11,7\n",
    "ticket": "id,requester_id,status,via_channel,merged_ticket_ids,updated_at\n"
    "10,7,open,email,[],2024-01-01\nbroken\n11,7,deleted,email,[],2024-01-01\n",
    "user": "id,role,updated_at\n7,end-user,2024-01-01\n8,agent,2024-01-01\n",
}  # fmt: skip


def test_the_pipeline_looks_other_tables_up_and_counts_their_rows(tmp_path):
    for name, text in TABLES.items():
        (tmp_path / f"{name}.csv").write_text(text)
    reader = ReadExports(load_source("zendesk"), "messages", {name: str(tmp_path / f"{name}.csv") for name in TABLES})
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        marked = pipeline | reader
        rows = marked | KeepRows() | beam.FlatMap(lambda batch: batch.to_pylist())
        told = rows | beam.Map(lambda row: (row["message_id"], row["role"], row["customer_id"], row["channel"]))
        assert_that(told, equal_to([("1", "customer", "7", "email"), ("2", "agent", "7", "email")]), "rows")
        expected = [
            (("comment.csv", None), 2), (("comment.csv", "ignored"), 1),
            (("ticket.csv", "joined"), 2), (("ticket.csv", "unparsable_line"), 1),
            (("user.csv", "joined"), 2),
        ]  # fmt: skip
        assert_that(counts_of(marked), equal_to(expected), "n")

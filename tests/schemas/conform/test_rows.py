import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.conform.rows import conform_rows
from schemas.formats.text_stream import BROKEN, CONTENT, FILE, NO_TEXT, ROW
from schemas.rejects import REASONS
from schemas.sources.inputs import IGNORED, marked_schema
from schemas.sources.load import parse_source

SOURCE = """\
name: shop
messages:
  decimal: ","
  ignore_when: {state: [spam]}
  columns:
    message_id: {column: id, whole_number: true}
    conversation_id: thread
    customer_id: {by_role: {customer: who}}
    agent_id: {by_role: {agent: who, internal: who}}
    role:
      rules:
        - {when: {kind: [k, c]}, is: customer}
        - {when: {kind: a, hidden: "yes"}, is: internal}
        - {when: {kind: a}, is: agent}
        - {when: {kind: "", who: "*"}, column: fallback}
    sent_at: at
    lang: lang
    channel: {column: channel, values: {m: email, "": none given}, otherwise: keep}
    priority: {column: prio, values: {1: high, 9: null}, otherwise: ignore}
    severity: {column: severity, otherwise: "null"}
    timely: timely
    agent_minutes: minutes
    text: {columns: [subject, body], separator: ": "}
"""
FOUND = parse_source(SOURCE, "shop.yaml").messages
GOOD = {
    "id": "7.0", "thread": " t1 ", "who": "w", "kind": "K", "hidden": "", "fallback": "", "at": "2024-01-01",
    "lang": "DE-at", "channel": "M", "prio": "1", "severity": "low", "timely": "Ja", "minutes": "1,5",
    "subject": "Hi", "body": "there", "state": "",
}  # fmt: skip


def batch_of(*rows: dict) -> pa.RecordBatch:
    columns = {name: pa.array([row.get(name, GOOD[name]) for row in rows], pa.string()) for name in GOOD}
    columns |= {
        FILE: pa.array(["f"] * len(rows), pa.string()),
        ROW: pa.array(range(1, len(rows) + 1), pa.int64()),
    }
    columns |= {BROKEN: pa.array([row.get(BROKEN) for row in rows], pa.string())}
    return pa.record_batch(columns | {CONTENT: pa.nulls(len(rows), pa.string())})


def conform(**changes: str | None) -> dict:
    return conform_rows(batch_of(changes), FOUND).to_pylist()[0]


def test_a_good_row_is_kept():
    row = conform()
    assert row["reject_reason"] is None
    expected = {
        "message_id": "7", "conversation_id": "t1", "lang": "de", "channel": "email", "priority": "high",
        "text": "Hi: there",
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert (row["timely"], row["agent_minutes"], row["severity"]) == (True, 1.5, "low")


@pytest.mark.parametrize(
    ("changes", "column", "value"),
    [
        ({"kind": "c"}, "role", "customer"),
        ({"kind": "a", "hidden": "YES"}, "role", "internal"),
        ({"kind": "a", "hidden": "no"}, "role", "agent"),
        ({"kind": "", "fallback": "System"}, "role", "system"),
        ({"kind": "a"}, "agent_id", "w"),
        ({"kind": "a"}, "customer_id", None),
        ({"kind": "c"}, "agent_id", None),
        ({"kind": "c"}, "customer_id", "w"),
        ({"channel": ""}, "channel", "none given"),
        ({"channel": "fax"}, "channel", "fax"),
        ({"prio": "9"}, "priority", None),
        ({"severity": "awful"}, "severity", None),
        ({"subject": " "}, "text", "there"),
        ({"body": None}, "text", "Hi"),
        ({"lang": ""}, "lang", None),
        ({"minutes": "-3e2"}, "agent_minutes", -300.0),
        ({"timely": "0"}, "timely", False),
    ],
)
def test_values(changes, column, value):
    row = conform(**changes)
    assert (row[column], row["reject_reason"]) == (value, None)


@pytest.mark.parametrize(
    ("changes", "reason", "column"),
    [
        ({"id": ""}, "missing_id", "id"),
        ({"id": "7a"}, "bad_number", "id"),
        ({"id": "7.5"}, "bad_number", "id"),
        ({"thread": None}, "missing_id", "thread"),
        ({"kind": "z"}, "unknown_role", "kind+hidden+who+fallback"),
        ({"kind": "", "fallback": "boss"}, "unknown_role", "kind+hidden+who+fallback"),
        ({"kind": "", "fallback": ""}, "unknown_role", "kind+hidden+who+fallback"),
        ({"at": "soon"}, "bad_time", "at"),
        ({"at": ""}, "bad_time", "at"),
        ({"lang": "German"}, "unknown_value", "lang"),
        ({"timely": "maybe"}, "unknown_value", "timely"),
        ({"minutes": "1.5"}, "bad_number", "minutes"),
        ({"minutes": "1,5 h"}, "bad_number", "minutes"),
        ({"minutes": "9e999"}, "bad_number", "minutes"),
        ({"subject": "", "body": " "}, "missing_text", "subject+body"),
        ({"body": "x" * 100_000}, "too_long", "subject+body"),
        ({"body": f"x{NO_TEXT}"}, "not_text", "subject+body"),
        ({"thread": NO_TEXT}, "not_text", "thread"),
        ({"prio": "5"}, IGNORED, None),
        ({"state": "Spam", "id": ""}, IGNORED, None),
        ({BROKEN: "unparsable_line", "state": "spam"}, "unparsable_line", None),
        ({"at": "soon", "id": ""}, "missing_id", "id"),  # the contract's first column
    ],
)
def test_reasons(changes, reason, column):
    row = conform(**changes)
    assert (row["reject_reason"], row["reject_column"]) == (reason, column)
    assert reason in {*REASONS, IGNORED}


def test_a_text_of_the_greatest_length_is_kept():
    assert conform(subject="", body="ü" * 100_000)["reject_reason"] is None


def test_edge_batches():
    assert conform_rows(batch_of(), FOUND).schema == marked_schema("messages")
    nothing = conform_rows(batch_of(dict.fromkeys(GOOD)), FOUND).to_pylist()[0]
    assert nothing["reject_reason"] == "missing_id"
    mixed = conform_rows(batch_of({"subject": None, "body": None}, {}), FOUND)
    assert mixed["text"].to_pylist() == [None, "Hi: there"]
    sliced = conform_rows(batch_of({"id": ""}, {}, {"id": ""}).slice(1, 1), FOUND).to_pylist()[0]
    assert (sliced["reject_reason"], sliced["message_id"], sliced["row"]) == (None, "7", 2)


def test_a_column_that_a_file_lacks_is_null():
    batch = batch_of({}).drop_columns(["lang", "minutes"])
    row = conform_rows(batch, FOUND).to_pylist()[0]
    assert (row["lang"], row["agent_minutes"], row["reject_reason"]) == (None, None, None)


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["1", "", "x", None]),
        "kind": st.sampled_from(["a", "k", "z", ""]),
        "at": st.sampled_from(["2024-01-01", "x"]),
        "body": st.sampled_from(["", "ü", NO_TEXT]),
        "state": st.sampled_from(["spam", ""]),
        "minutes": st.sampled_from(["1,5", "x"]),
    },
)


@settings(deadline=None, max_examples=25)
@given(st.lists(CHANGES, max_size=8), st.integers(0, 8), st.randoms())
def test_neither_the_cut_nor_the_order_of_rows_matters(changes, cut, random):
    batch = batch_of(*changes)
    whole = conform_rows(batch, FOUND).to_pylist()
    parts = [conform_rows(part, FOUND).to_pylist() for part in (batch.slice(0, cut), batch.slice(cut))]
    assert parts[0] + parts[1] == whole
    order = random.sample(range(len(changes)), len(changes))
    shuffled = conform_rows(batch.take(pa.array(order, pa.int64())), FOUND).to_pylist()
    assert sorted(shuffled, key=lambda row: row["row"]) == whole

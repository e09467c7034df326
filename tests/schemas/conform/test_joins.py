import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.conform.joins import add_history, join_rows, prepare_side
from schemas.formats.text_stream import BROKEN
from schemas.sources.load import parse_source
from schemas.sources.rules import History, Join

IDS = st.sampled_from(["a", "b", "c", "", None])
SIDE = pa.schema([("id", pa.string()), ("x", pa.string()), ("at", pa.string()), (BROKEN, pa.string())])


def side_of(rows: list[tuple]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(SIDE.names, (*row, None), strict=True)) for row in rows], schema=SIDE)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(IDS, max_size=8),
    st.lists(st.tuples(IDS, st.sampled_from("xyz"), st.sampled_from("123")), max_size=8),
)
def test_a_join_is_the_same_as_a_loop(keys, rows):
    batch = pa.record_batch({"ref": pa.array(keys, pa.string())})
    join = Join("t", "t", ("ref",), "id", latest="at", required=True)
    made = join_rows(batch, prepare_side(side_of(rows), "id"), join).to_pylist()
    for key, row in zip(keys, made, strict=True):
        matches = [r for r in rows if key and r[0] == key]
        newest = max((r[2] for r in matches), default=None)
        best = min((r[1] for r in matches if r[2] == newest), default=None)
        assert (row["t.x"], row["t.at"]) == (best, newest)
        assert row["staunen:no_match"] == (None if matches else "ref")


@settings(deadline=None, max_examples=30)
@given(st.permutations([("a", "1", "1"), ("a", "2", "1"), ("b", "3", "2")]), st.integers(0, 4))
def test_neither_the_order_of_the_side_nor_the_cut_of_the_batch_matters(rows, cut):
    batch = pa.record_batch({"ref": ["a", "b", "q", "a"]})
    side, join = prepare_side(side_of(rows), "id"), Join("t", "t", ("ref",), "id")
    parts = [join_rows(part, side, join) for part in (batch.slice(0, cut), batch.slice(cut))]
    assert [row["t.x"] for part in parts for row in part.to_pylist()] == ["1", "3", None, "1"]


def test_lists_of_keys_are_taken_apart():
    rows = [("[12, 13]", "x", "1"), ("[]", "y", "1"), ('["14"]', "z", "1"), (None, "n", "1")]
    side = prepare_side(side_of(rows), "id", key_is_list=True)
    assert sorted(zip(side["id"].to_pylist(), side["x"].to_pylist(), strict=True)) == [
        ("12", "x"),
        ("13", "x"),
        ("14", "z"),
    ]


FOUND = parse_source(
    "name: n\nmessages: {columns: {message_id: i, conversation_id: c, role: r, sent_at: at, text: t}}",
    "n.yaml",
).messages
HISTORY = History("role_then", "log", ("who",), "id", "at", "x", "from (?P<before>.+) to (?P<after>.+)", ("now",))
DAYS = st.integers(1, 6).map(lambda day: f"2024-01-0{day}")
ROLES = st.sampled_from(["p", "q", "r"])


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.tuples(IDS, DAYS), max_size=6),
    st.lists(
        st.tuples(st.sampled_from(["a", "b"]), ROLES, ROLES, DAYS),
        max_size=6,
        unique_by=lambda row: (row[0], row[3]),
    ),
)
def test_a_history_is_the_same_as_a_loop(messages, changes):
    batch = pa.record_batch(
        {
            "who": pa.array([who for who, _ in messages], pa.string()),
            "at": pa.array([day for _, day in messages], pa.string()),
            "now": pa.array(["today"] * len(messages), pa.string()),
        }
    )
    log = side_of([(who, f"from {before} to {after}", day) for who, before, after, day in changes])
    log = pa.concat_tables([log, side_of([("a", "hired", "2024-01-01"), ("a", "from u to v", "never")])])
    made = add_history(batch, prepare_side(log, "id"), HISTORY, FOUND)["role_then"].to_pylist()
    expected = []
    for who, day in messages:
        own = sorted((c for c in changes if c[0] == who), key=lambda c: c[3])
        before = [c[2] for c in own if c[3] <= day]
        after = [c[1] for c in own if c[3] > day]
        expected.append(before[-1] if before else after[0] if after else "today")
    assert made == expected

import csv
import io

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.errors import InputError
from schemas.formats import csv_rows
from schemas.formats.csv_rows import open_csv, read_csv
from schemas.formats.text_stream import BROKEN, CONTENT, NO_TEXT, ROW
from schemas.sources.columns import Wanted
from schemas.sources.rules import Table

WANTED = Wanted("messages", (("a",), ("b",)))
PLAIN = Table("messages")


def read(data: bytes, table: Table = PLAIN, wanted: Wanted = WANTED, file: str = "x.csv") -> list[dict]:
    return [row for batch in read_csv(lambda: io.BytesIO(data), table, wanted, file) for row in batch.to_pylist()]


def cells(rows: list[dict]) -> list[tuple]:
    return [(row[ROW], None if row[BROKEN] else (row["a"], row["b"])) for row in rows]


def expect(text: str) -> list[tuple]:
    """The oracle: Python's reader, line by line again from where a quote is never closed."""
    lines = list(io.StringIO(text.replace("\0", NO_TEXT), newline=""))[1:]
    rows: list[tuple] = []
    while lines:
        reader = csv.reader(lines)
        taken = 0
        for record in reader:
            is_open = reader.line_num == len(lines) and _ends_in_quotes("".join(lines[taken:]))
            if is_open:
                break
            taken = reader.line_num
            if record:
                good = tuple(record) if len(record) == 2 else None
                rows.append((len(rows) + 1, good))
        else:
            return rows
        rows.append((len(rows) + 1, None))
        lines = lines[taken + 1 :]
    return rows


def _ends_in_quotes(record: str) -> bool:
    is_quoted, is_start = False, True
    at = 0
    while at < len(record):
        char = record[at]
        if is_quoted:
            if char == '"' and record[at + 1 : at + 2] == '"':
                at += 1
            elif char == '"':
                is_quoted = False
        else:
            is_quoted = char == '"' and is_start
            is_start = char in ",\r\n"
        at += 1
    return is_quoted


MESSY = st.lists(
    st.sampled_from(['"', ",", "\n", "\r\n", "\r", "x", "ü", " ", "\0", '""', 'y,"z"\n', "1,2\n"]),
    max_size=40,
)


@settings(deadline=None, max_examples=100)
@given(MESSY)
@example(["x", ",", '"', "y", "\n", "1,2\n"])
def test_both_parsers_read_what_pythons_csv_module_reads(pieces):
    text = "a,b\n" + "".join(pieces)
    assert cells(read(text.encode())) == expect(text)
    stream, layout = open_csv(lambda: io.BytesIO(text.encode()), PLAIN, WANTED, "x.csv")
    slow = [row for batch in csv_rows._read_slowly(stream, layout, 0) for row in batch.to_pylist()]
    assert sorted(cells(slow)) == expect(text)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(["1,2\n", "bad\n", '"q\nr",s\n', "3,4,5\n", "\n"]), min_size=20, max_size=80))
def test_rows_keep_their_numbers_over_many_blocks(lines):
    text = "a,b\n" + "".join(lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "MAX_ROW_BYTES", 64)  # so that a block is a few rows
        assert cells(read(text.encode())) == expect(text)


def test_a_row_over_the_limit_is_rejected_and_the_reader_goes_on(monkeypatch):
    monkeypatch.setattr(csv_rows, "MAX_ROW_BYTES", 200)
    text = "a,b\n" + "1,2\n" * 50 + '3,"' + "z" * 500 + '"\n' + "4,5\n" * 3
    assert cells(read(text.encode())) == [(row, ("1", "2")) for row in range(1, 51)] + [(51, None)] + [
        (row, ("4", "5")) for row in range(52, 55)
    ]


def test_a_nul_costs_only_its_own_cell():
    # Arrow's parser overlooks delimiters after a NUL; long cells switch its fast scan on.
    line = b"some longer text in a cell,and another one that is long\n"
    rows = read(b"a,b\n" + line * 20 + b"x\0y,,,\n" + b"\0,second\n" + line * 20)
    assert [row[BROKEN] for row in rows] == [None] * 20 + ["unparsable_line"] + [None] * 21
    assert (rows[21]["a"], rows[21]["b"]) == (NO_TEXT, "second")


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("utf-8", "a,b\nü,€\n".encode()),
        ("utf-8", "\ufeffa,b\nü,€\n".encode()),
        ("windows-1252", "a,b\r\nü,€\r\n".encode("cp1252")),
        ("utf-16", "a,b\nü,€\n".encode("utf-16")),
    ],
)
def test_encodings(encoding, data):
    assert cells(read(data, Table("messages", encoding=encoding))) == [(1, ("ü", "€"))]


def test_broken_bytes_are_marked_and_leave_their_neighbours():
    assert cells(read(b"a,b\n\xff,2\n3,4\n")) == [(1, (NO_TEXT, "2")), (2, ("3", "4"))]
    cp1252 = Table("messages", encoding="windows-1252")
    assert cells(read(b"a,b\n\x81,2\n3,\xe9\n", cp1252)) == [(1, (NO_TEXT, "2")), (2, ("3", "é"))]


def test_delimiters_quotes_and_blank_lines():
    assert cells(read(b'a;b\n"x;y";"q""r"\n', Table("messages", delimiter=";"))) == [(1, ("x;y", 'q"r'))]
    assert cells(read(b"a\tb\n1\t2\n", file="x.tsv.gz")) == [(1, ("1", "2"))]
    assert cells(read(b"\n\na,b\n\n1,2\n\n\n3,4")) == [(1, ("1", "2")), (2, ("3", "4"))]


def test_the_header_is_found_by_its_columns():
    data = b'Archive: /tmp/x.zip\n  inflating: x.csv \n"b",other,"a"\n2,,1\n'
    assert cells(read(data, Table("messages", skip_until_header=True))) == [(1, ("1", "2"))]


def test_a_header_alone_is_no_rows():
    assert read(b"a,b\n") == read(b"a,b") == []


def test_a_second_name_is_taken_where_the_first_is_missing():
    wanted = Wanted("messages", (("id", "key"),), (("extra", "more"),))
    assert list(read(b"key,more,x\n1,2,3\n", wanted=wanted)[0])[:2] == ["key", "more"]


def test_ids_come_from_the_content_where_there_are_none():
    wanted = Wanted("messages", (("a",),), (), ("id", "key"))
    rows = read(b"a,b\n1,2\n1,3\n1,2\n", wanted=wanted)
    ids = [row[CONTENT] for row in rows]
    assert ids[0] == ids[2] != ids[1]
    assert ids[0].startswith("content-")
    turned = read(b"b,a\n2,1\n", wanted=wanted)
    assert turned[0][CONTENT] == ids[0]
    assert read(b"a,key\n1,2\n", wanted=wanted)[0][CONTENT] is None


@pytest.mark.parametrize(
    ("data", "table", "message"),
    [
        (b"", PLAIN, "x.csv is empty: not even a header"),
        (b"\n\n", PLAIN, "is empty"),
        (b"a,c\n", PLAIN, "the column b of messages is missing; columns found: 'a', 'c'"),
        (b"a,B\n", PLAIN, "did you mean 'B'"),
        (b"a,b,b\n", PLAIN, "'b' stands twice in the header"),
        (b"a;b\n1;2\n", PLAIN, "set `delimiter` to ';'"),
        (
            "a,b\n".encode("utf-16"),
            PLAIN,
            "begins with the mark of utf-16, but is declared utf-8",
        ),
        ("\ufeffa,b".encode(), Table("messages", encoding="windows-1252"), "begins with the mark of utf-8"),
        (b"a,\xff\n", PLAIN, "the header is no utf-8 text"),
        (b"junk\nmore\n", Table("messages", skip_until_header=True), "the column a of messages is missing"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(data, table, message):
    with pytest.raises(InputError) as error:
        read(data, table)
    assert message in str(error.value)


@pytest.mark.parametrize(
    "first",
    [
        "7,Jo Moe,2024-05-01 10:00",
        "x,jo@moe.nl,y",
        "Jo Moe,0612345678,y",
        "Jo Moe;2024-05-01;where is it",
        f"Jo,{'x' * 41}",
    ],
)
def test_a_file_without_a_header_is_refused_without_quoting_its_first_row(first):
    with pytest.raises(InputError) as error:
        read(f"{first}\n{first}\n".encode(), PLAIN)
    assert "Jo" not in str(error.value)
    assert "moe" not in str(error.value)


def test_batches_have_text_columns_and_marks():
    batch = next(read_csv(lambda: io.BytesIO(b"a,b\n1,2\n"), PLAIN, WANTED, "x.csv"))
    assert isinstance(batch, pa.RecordBatch)
    assert batch.schema.names == ["a", "b", ROW, BROKEN, CONTENT]

import io
import json

import pytest

from schemas.errors import InputError
from schemas.formats.jsonl_rows import read_jsonl
from schemas.formats.text_stream import BROKEN, CONTENT, NO_TEXT, ROW
from schemas.sources.columns import Wanted
from schemas.sources.rules import Table

WANTED = Wanted("messages", (("id", "key"),), (("via.channel",), ("text",)))


def read(data: bytes, wanted: Wanted = WANTED) -> list[dict]:
    batches = read_jsonl(lambda: io.BytesIO(data), Table("messages"), wanted, "x.jsonl")
    return sorted((row for batch in batches for row in batch.to_pylist()), key=lambda row: row[ROW])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12345678901234567890, "12345678901234567890"),
        (1.10, "1.1"),
        ("x\u2028y\x0cz", "x\u2028y\x0cz"),
        (True, "true"),
        (None, None),
        ([12, 13], '["12", "13"]'),
        ("a\0b", f"a{NO_TEXT}b"),
        ("\ud83d", NO_TEXT),
        (float("nan"), None),
    ],
)
def test_values_become_their_text(value, text):
    assert read(json.dumps({"id": 1, "text": value}).encode())[0]["text"] == text


def test_nested_keys_are_named_with_a_dot_and_lines_may_differ():
    rows = read(b'{"id": "a", "via": {"channel": "web"}}\n\n{"key": "b"}\r\n')
    assert [(row[ROW], row["id"], row["key"], row["via.channel"]) for row in rows] == [
        (1, "a", None, "web"),
        (2, None, "b", None),
    ]


@pytest.mark.parametrize("line", [b"{", b"[1]", b"3", b'{"id": 1}}', b'{"id": 1} {"id": 2}', b"[" * 100_000])
def test_a_broken_line_costs_nobody_else(line):
    rows = read(b'{"id": 1}\n' + line + b'\n{"id": 3}\n')
    assert [(row[ROW], row[BROKEN], row["id"]) for row in rows] == [
        (1, None, "1"),
        (2, "unparsable_line", None),
        (3, None, "3"),
    ]


def test_broken_bytes_are_marked():
    assert read(b'{"id": 1, "text": "a\xffb"}')[0]["text"] == f"a{NO_TEXT}b"


def test_ids_come_from_the_content_of_lines_without_one():
    wanted = Wanted("messages", (), (("id",), ("text",)), ("id",))
    rows = read(b'{"text": "a", "n": 1}\n{"n": 1, "text": "a"}\n{"text": "b"}\n{"id": 4}\n', wanted)
    first, second, third, fourth = (row[CONTENT] for row in rows)
    assert first == second != third
    assert fourth is None


def test_a_file_that_cannot_be_used_says_why():
    with pytest.raises(InputError, match=r"the column id or key of messages is missing.*columns found: 'ident'"):
        read(b'{"ident": 1}')
    with pytest.raises(InputError, match="is empty: not even one line"):
        read(b"\n")

import io
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.errors import InputError
from schemas.formats.parquet_rows import read_parquet
from schemas.formats.text_stream import CONTENT, NO_TEXT, ROW
from schemas.sources.columns import Wanted
from schemas.sources.rules import Table


def write(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def read(data: bytes, wanted: Wanted) -> list[dict]:
    batches = read_parquet(lambda: io.BytesIO(data), Table("messages"), wanted, "x.parquet")
    return [row for batch in batches for row in batch.to_pylist()]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (pa.array([12345678901234567]), "12345678901234567"),
        (pa.array([3.0]), "3"),
        (pa.array([1e12]), "1000000000000"),
        (pa.array([2.5]), "2.5"),
        (pa.array([True]), "true"),
        (pa.array([Decimal("1.50")]), "1.50"),
        (pa.array([date(2020, 1, 2)]), "2020-01-02"),
        (pa.array([datetime(2020, 1, 2, 3, 4, 5, 600)]), "2020-01-02T03:04:05.000600"),
        (
            pa.array([datetime(2020, 7, 1, 12, tzinfo=ZoneInfo("Europe/Paris"))]),
            "2020-07-01T10:00:00.000000Z",
        ),
        (pa.array(["x"]).dictionary_encode(), "x"),
        (pa.array(["a\0b"]), f"a{NO_TEXT}b"),
        (pa.array([[12, 13]]), "[12,13]"),
        (pa.array([None], pa.null()), None),
        (pa.array(["x"], pa.large_string()), "x"),
    ],
)
def test_values_become_the_text_that_a_csv_would_hold(values, text):
    assert read(write(pa.table({"a": values})), Wanted("messages", (("a",),)))[0]["a"] == text


def test_rows_are_numbered_and_structs_named_with_a_dot():
    data = write(pa.table({"via": [{"channel": "web"}, {"channel": None}], "z": [1, 2]}))
    rows = read(data, Wanted("messages", (("via.channel",),)))
    assert [(row[ROW], row["via.channel"]) for row in rows] == [(1, "web"), (2, None)]


def test_ids_come_from_the_content_where_there_are_none():
    data = write(pa.table({"a": [1, 1, 1], "b": ["x", "y", "x"]}))
    ids = [row[CONTENT] for row in read(data, Wanted("messages", (("a",),), (), ("id",)))]
    assert ids[0] == ids[2] != ids[1]


def test_a_file_that_cannot_be_used_says_why():
    wanted = Wanted("messages", (("a",),))
    with pytest.raises(InputError, match=r"x.parquet: the column a of messages is missing"):
        read(write(pa.table({"b": [1]})), wanted)
    with pytest.raises(InputError, match="the column 'a' is binary, not a single value"):
        read(write(pa.table({"a": [b"x"]})), wanted)
    with pytest.raises(InputError, match="is no sound Parquet file"):
        read(b"PAR1 nothing", wanted)

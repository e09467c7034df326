import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.lake import Lake
from pipeline.query import open_tables, query_lake
from schemas.errors import LakeError, UsageError


@pytest.fixture(params=["lake", "a lake's"])
def lake(tmp_path: Path, request: pytest.FixtureRequest) -> Lake:
    """One table in two files, and a file that no manifest names."""
    lake = Lake(str(tmp_path / request.param))
    folder = Path(lake.run_folder("one")) / "cases"
    folder.mkdir(parents=True)
    for n in range(3):
        pq.write_table(pa.table({"case_id": [f"c{n}", f"d{n}"]}), folder / f"part-{n}.parquet")
    files = [{"path": f"cases/part-{n}.parquet"} for n in range(2)]
    manifest = {"run_id": "one", "tables": {"cases": {"files": files}}}
    (folder.parent / "manifest.json").write_text(json.dumps(manifest))
    lake.point_to("one")
    return lake


def test_a_table_is_the_files_that_the_manifest_names(lake: Lake) -> None:
    assert query_lake(lake, "select case_id from cases order by 1") == (
        ["case_id"],
        [("c0",), ("c1",), ("d0",), ("d1",)],
    )


@pytest.mark.parametrize(
    "sql",
    ["from cases", "with a as (from cases) from a", "values (1)", "describe cases", "show tables", "summarize cases",
     "explain from cases", "pivot cases on case_id using count(*)", "select 1;", "-- a remark\nselect 1"],
)  # fmt: skip
def test_whatever_reads_is_allowed(lake: Lake, sql: str) -> None:
    assert query_lake(lake, sql)[1]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("selec 1", "DuckDB: Parser Error"),
        ("select nope from cases", "DuckDB: Binder Error"),
        ("select 1; select 2", "2 statements given; give one"),
        ("  ", "0 statements given"),
        ("create table t as select 1", "read-only, and this is a create statement; write a select"),
        ("drop view cases", "this is a drop statement"),
        ("insert into cases values ('x')", "this is a insert statement"),
        ("copy cases to 'x.csv'", "this is a copy statement"),
        ("attach 'x.db'", "this is a attach statement"),
        ("install httpfs", "this is a load statement"),
        ("set enable_external_access = true", "this is a set statement"),
        ("select cast(case_id as int) from cases", "DuckDB: Conversion Error"),
    ],
)
def test_whatever_does_not_read_is_refused(lake: Lake, sql: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        query_lake(lake, sql)


@pytest.mark.parametrize("function", ["read_csv", "read_text", "read_parquet", "read_json", "glob"])
def test_no_other_file_can_be_read(lake: Lake, tmp_path: Path, function: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    with pytest.raises(UsageError, match=r"Permission Error|Cannot access"):
        query_lake(lake, f"select * from {function}('{secret}')")


def test_even_the_connection_itself_can_write_nothing(lake: Lake, tmp_path: Path) -> None:
    with open_tables(lake) as connection:
        with pytest.raises(duckdb.Error):
            connection.execute(f"copy cases to '{tmp_path}/x.csv'")
        with pytest.raises(duckdb.Error):
            connection.execute("set enable_external_access = true")


def test_times_are_shown_in_utc(lake: Lake) -> None:
    assert query_lake(lake, "select timestamptz '2024-07-01 12:00:00+02'::text")[1] == [("2024-07-01 10:00:00+00",)]


def test_what_is_no_lake_on_a_disk(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="no run is published here"):
        query_lake(Lake(str(tmp_path)), "select 1")
    with pytest.raises(UsageError, match="s3://bucket/lake: SQL reads lakes on local disks"):
        query_lake(Lake("s3://bucket/lake"), "select 1")

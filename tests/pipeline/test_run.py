"""The whole night on the sample exports: every row accounted for, the same tables however the input is cut."""

import gzip
import json
import random
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from demo.write_demo import UNTIL, write_demo
from pipeline.check import check_lake
from pipeline.config import Job
from pipeline.lake import Lake
from pipeline.query import query_lake
from pipeline.run import RunSummary, run_night
from schemas.errors import InputError, LakeError, TooManyRejectedError, UsageError
from schemas.formats import text_stream
from schemas.tables import TABLES
from tests.fakes import FakeClassifier

# Where a row stood is what these two tell; all others must not depend on it.
PLACED = {"rejects", "quality"}


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "exports"
    write_demo(folder, customers=60, seed=3)
    return folder


def job(exports: Path, output: Path, **changes: object) -> Job:
    inputs = {
        "messages": (f"{exports}/messages-*.csv", f"{exports}/messages-*.jsonl.gz"),
        "events": (f"{exports}/events*.csv",),
        "surveys": (f"{exports}/surveys*.csv",),
        "customers": (f"{exports}/customers*.csv",),
        "identities": (f"{exports}/identities*.csv",),
    }
    given = {name: {"": globs} for name, globs in inputs.items()}
    return Job(**{"source": "generic", "inputs": given, "output": str(output), "run_date": UNTIL, **changes})  # type: ignore[arg-type]


def run(exports: Path, output: Path, **changes: object) -> RunSummary:
    return run_night(job(exports, output, **changes), classifier=FakeClassifier())  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def lake(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    output = tmp_path_factory.mktemp("night") / "lake"
    run(exports, output)
    return Lake(str(output))


def digests(lake: Lake) -> dict[str, list[str]]:
    tables = lake.manifest()["tables"]
    return {name: [file["sha256"] for file in table["files"]] for name, table in tables.items()}


def test_the_published_lake_is_as_its_manifest_and_contracts_say(lake: Lake) -> None:
    _, findings = check_lake(lake)
    assert findings == []


def test_every_row_of_every_file_is_accounted_for_as_the_truth_says(lake: Lake, exports: Path) -> None:
    truth = json.loads((exports / "truth.json").read_text())["files"]
    counted = dict(query_lake(lake, "select item, value from quality where scope = 'file' and counter = 'read'")[1])
    for item, read in counted.items():
        assert read == truth[Path(item).name]["rows"], item
    rejected = query_lake(lake, "select file, reason, count(*) from rejects group by all")[1]
    found: dict[str, dict[str, int]] = {}
    for file, reason, number in rejected:
        found.setdefault(Path(file).name, {})[reason] = number
    expected = {name: facts["rejected"] for name, facts in truth.items() if facts["rejected"]}
    assert found == expected


def test_nothing_personal_is_left_in_the_files(lake: Lake, exports: Path) -> None:
    with duckdb.connect() as connection:
        ids = connection.sql(f"select customer_id from '{exports}/customers.csv'").fetchall()
        ids += connection.sql(f"select channel_customer_id from '{exports}/identities.csv'").fetchall()
    assert len(ids) > 60
    for table in TABLES:
        # As JSON, a row is all of its columns, lists and structs too.
        rows = query_lake(lake, f"select to_json(t)::varchar from {table} t")[1]
        content = "\n".join(row for (row,) in rows)
        assert not [id_ for (id_,) in ids if id_ in content], table
        assert not re.search(r"[a-z0-9.]+@[a-z0-9-]+\.[a-z]{2,}", content), table


def read_records(path: Path) -> tuple[str, list[str]]:
    """The header and the records of an export as text; a quoted line break does not end a record."""
    text = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode()
    records = [""]
    for line in text.splitlines(keepends=True):
        if records[-1].count('"') % 2 == 0 or ".jsonl" in path.name:
            records.append("")
        records[-1] += line
    return ("", records[1:]) if ".jsonl" in path.name else (records[1], records[2:])


def split(exports: Path, target: Path, parts: int) -> Path:
    """The same rows, shuffled and dealt out to `parts` files of each kind."""
    target.mkdir()
    for path in [*exports.glob("*.csv"), *exports.glob("*.gz")]:
        header, records = read_records(path)
        random.Random(parts).shuffle(records)
        stem, _, ending = path.name.partition(".")
        for part in range(parts):
            content = (header + "".join(records[part::parts])).encode()
            content = gzip.compress(content) if ending.endswith("gz") else content
            (target / f"{stem}-{part}.{ending}").write_bytes(content)
    return target


@pytest.mark.parametrize(("parts", "batch_rows"), [(1, 10), (10, 16_384)])
def test_neither_cut_nor_order_of_the_input_shows_in_the_tables(
    lake: Lake, exports: Path, tmp_path: Path, parts: int, batch_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAUNEN_KEY", (Path(lake.root) / "pseudonym.key").read_text())
    monkeypatch.setattr(text_stream, "ROWS_PER_BATCH", batch_rows)
    other = Lake(str(tmp_path / "lake"))
    run(split(exports, tmp_path / "cut", parts), tmp_path / "lake")
    expected, found = digests(lake), digests(other)
    assert {name: found[name] for name in found if name not in PLACED} == {
        name: expected[name] for name in expected if name not in PLACED
    }
    counted = "select item, counter, value from quality where scope <> 'file' order by all"
    assert query_lake(other, counted) == query_lake(lake, counted)


def test_a_night_that_is_run_again_stays_the_same_run(exports: Path, tmp_path: Path) -> None:
    first = run(exports, tmp_path / "lake")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "lake" / "runs").rglob("*.parquet")}
    again = run(exports, tmp_path / "lake")
    assert again.run_id == first.run_id
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "lake" / "runs").rglob("*.parquet")} == before
    assert not (tmp_path / "lake" / ".staging").exists()


def test_other_options_make_another_run_and_leave_the_one_before(exports: Path, tmp_path: Path) -> None:
    first = run(exports, tmp_path / "lake")
    second = run(exports, tmp_path / "lake", store_text=False)
    lake = Lake(str(tmp_path / "lake"))
    assert lake.current_run() == second.run_id != first.run_id
    assert Path(lake.run_folder(first.run_id)).is_dir()
    assert query_lake(lake, "select count(text) from messages")[1] == [(0,)]


def test_too_many_rejected_rows_stop_the_night_and_name_the_reasons(exports: Path, tmp_path: Path) -> None:
    run(exports, tmp_path / "lake")
    published = Lake(str(tmp_path / "lake")).current_run()
    with pytest.raises(TooManyRejectedError, match=r"messages: \d+ of \d+ rows rejected .*after_run_date") as caught:
        run(exports, tmp_path / "lake", run_date=date(2025, 1, 1))
    assert caught.value.exit_code == 4
    assert Lake(str(tmp_path / "lake")).current_run() == published


def test_a_broken_worker_leaves_the_run_before(exports: Path, tmp_path: Path) -> None:
    run(exports, tmp_path / "lake")
    published = Lake(str(tmp_path / "lake")).current_run()

    class Broken(FakeClassifier):
        def run_inference(self, batch: object, model: object, inference_args: object = None) -> list:
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        run_night(job(exports, tmp_path / "lake", max_rejected=0.2), classifier=Broken())  # type: ignore[arg-type]
    lake = Lake(str(tmp_path / "lake"))
    assert lake.current_run() == published
    assert [path.name for path in (tmp_path / "lake" / "runs").iterdir()] == [published]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"inputs": {"messages": {"": ("nowhere/*.csv",)}}}, InputError, "nowhere/.*matches no file"),
        ({"source": "zendeks"}, UsageError, "zendesk"),
        ({"source": "cfpb"}, (InputError, UsageError), "."),
    ],
)
def test_what_cannot_run_is_refused_before_anything_is_written(
    exports: Path, tmp_path: Path, changes: dict, error: type, message: str
) -> None:
    with pytest.raises(error, match=message):
        run(exports, tmp_path / "lake", **changes)
    assert not (tmp_path / "lake").exists()


def test_another_key_is_refused(exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(exports, tmp_path / "lake")
    monkeypatch.setenv("STAUNEN_KEY", "another key, long enough")
    with pytest.raises(UsageError, match="customers would get other pseudonyms"):
        run(exports, tmp_path / "lake")


def damage_file(lake: Lake) -> None:
    path = next(Path(lake.root).rglob("cases/*.parquet"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def remove_file(lake: Lake) -> None:
    next(Path(lake.root).rglob("cases/*.parquet")).unlink()


@pytest.mark.parametrize(
    ("harm", "message"),
    [(damage_file, "was changed after it was published"), (remove_file, "cannot be read")],
)
def test_check_finds_what_was_harmed(exports: Path, tmp_path: Path, harm: Callable[[Lake], None], message: str) -> None:
    run(exports, tmp_path / "lake")
    lake = Lake(str(tmp_path / "lake"))
    harm(lake)
    _, findings = check_lake(lake)
    assert [message in finding.rule for finding in findings] == [True]


def test_check_needs_a_lake(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="no run is published here"):
        check_lake(Lake(str(tmp_path)))

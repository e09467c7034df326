import hashlib
import json
from datetime import date
from pathlib import Path

import duckdb
import pytest

from demo import write_demo as module
from demo.tell_truth import DemoTruth
from demo.write_config import CONFIG_FILE
from demo.write_demo import write_demo
from schemas.errors import UsageError
from tests.demo.scan import scan_messages


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_a_seed_gives_the_same_bytes_and_another_seed_other_ones(tmp_path: Path) -> None:
    write_demo(tmp_path / "a", customers=300, seed=5)
    write_demo(tmp_path / "elsewhere", customers=300, seed=5)
    write_demo(tmp_path / "other", customers=300, seed=6)
    first, again, other = (digests(tmp_path / name) for name in ("a", "elsewhere", "other"))
    assert first == again
    assert first.keys() == other.keys()
    # The config names the files and the night, which are the same for every seed.
    assert [name for name in first if first[name] == other[name]] == [CONFIG_FILE]


def test_the_truth_is_on_disk_as_it_is_returned(written: tuple[Path, DemoTruth]) -> None:
    folder, truth = written
    stored = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert stored == json.loads(json.dumps(truth.to_json()))
    assert sorted(stored["files"]) == sorted(
        path.name for path in folder.iterdir() if path.suffix not in (".json", ".yaml")
    )


def test_chunks_are_complete_and_their_ids_do_not_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", 100)
    truth = write_demo(tmp_path / "demo", customers=250)
    assert sum(name.startswith("messages-desk") for name in truth.files) == 3
    for name, key in (
        ("customers", "customer_id"),
        ("truth_cases", "conversation_id"),
        ("identities", "channel_customer_id"),
    ):
        rows, ids = duckdb.sql(f"select count(*), count(distinct {key}) from '{tmp_path}/demo/{name}.csv'").fetchall()[
            0
        ]
        assert rows == ids == truth.files[f"{name}.csv"]["rows"], name
    assert truth.files["customers.csv"]["rows"] == 250


def test_nothing_is_exported_from_outside_of_the_two_years(tmp_path: Path) -> None:
    truth = write_demo(tmp_path / "demo", customers=300, until=date(2025, 3, 1))
    assert (truth.since, truth.until) == ("2023-03-02", "2025-03-01")
    times = [str(row["sent_at"]) for row in scan_messages(tmp_path / "demo")]
    for name, column in (("events", "occurred_at"), ("surveys", "answered_at")):
        table = f"read_csv('{tmp_path}/demo/{name}.csv', all_varchar=true)"
        known = f"select {column} from {table} where try_cast({column} as timestamp) is not null"
        times += [time for (time,) in duckdb.sql(known).fetchall()]
    assert min(times) >= "2023-03-02"
    assert "2025-02-28" < max(times) < "2025-03-01"


def test_an_earlier_demo_is_replaced_whole(tmp_path: Path) -> None:
    write_demo(tmp_path / "demo", customers=300, seed=1)
    (tmp_path / ".demo.partial").mkdir()
    (tmp_path / ".demo.partial" / "left-by-a-killed-run").touch()
    write_demo(tmp_path / "demo", customers=50, seed=2)
    write_demo(tmp_path / "fresh", customers=50, seed=2)
    assert digests(tmp_path / "demo") == digests(tmp_path / "fresh")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo", "fresh"]


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis").write_text("mine")
    with pytest.raises(UsageError, match="holds 'thesis', which is no part of an earlier demo"):
        write_demo(tmp_path)
    with pytest.raises(UsageError, match="is a file; name a folder"):
        write_demo(tmp_path / "thesis")
    assert (tmp_path / "thesis").read_text() == "mine"


def test_a_lake_inside_of_an_earlier_demo_is_left_alone(tmp_path: Path) -> None:
    write_demo(tmp_path / "demo", customers=20)
    (tmp_path / "demo" / "lake").mkdir()
    with pytest.raises(UsageError, match="holds 'lake'"):
        write_demo(tmp_path / "demo", customers=20)
    assert (tmp_path / "demo" / "lake").is_dir()


def test_the_folder_may_be_the_working_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "demo").mkdir()
    monkeypatch.chdir(tmp_path / "demo")
    write_demo(Path(), customers=20)
    assert (tmp_path / "demo" / "truth.json").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"customers": 0}, "customers is 0; it must be from 1"),
        ({"customers": 10**9}, "must be from 1 to 134,217,728"),
        ({"seed": -1}, "seed is -1; it must be 0 or more"),
    ],
)
def test_numbers_out_of_range(tmp_path: Path, options: dict[str, int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        write_demo(tmp_path / "demo", **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("customers", [1, 2, 3])
def test_the_smallest_demos_are_written(tmp_path: Path, customers: int) -> None:
    truth = write_demo(tmp_path / "demo", customers=customers)
    assert truth.files["customers.csv"] == {"rows": customers, "rejected": {}}

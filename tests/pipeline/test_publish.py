import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.lake import Lake
from pipeline.publish import publish_run
from schemas.errors import ContractError
from schemas.quality import QUALITY
from schemas.tables import TABLES
from transforms.stage_table import stage_batch

FACTS = {"run_date": "2024-06-30", "pseudonym_key_fingerprint": "abcd"}


def publish(root: Path, counters: Mapping[str, float], *, run_id: str = "one", cuts: int = 1) -> dict[str, Any]:
    """Publish a run of which only `quality` has rows, staged in so many files."""
    lake = Lake(str(root))
    rows = [{"scope": "run", "item": "", "counter": name, "value": value} for name, value in counters.items()]
    batches = [pa.RecordBatch.from_pylist(rows[cut::cuts], schema=QUALITY.schema) for cut in range(cuts)]
    folder = lake.staging_folder(run_id)
    with lake.staging():
        os.makedirs(folder, exist_ok=True)
        staged = [stage_batch(batch, contract=QUALITY, folder=folder) for batch in batches]
        return publish_run(lake, run_id, staged, FACTS, memory_gb=0.5, scratch=str(root))


def files_of(root: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in (root / "runs").rglob("*")
        if path.is_file()
    }


def test_a_run_has_every_table_and_a_manifest_that_tells_them(tmp_path: Path) -> None:
    manifest = publish(tmp_path, {"rows": 3, "labelled": 2})
    lake = Lake(str(tmp_path))
    assert lake.current_run() == "one"
    assert manifest == json.loads((tmp_path / "runs" / "one" / "manifest.json").read_text())
    assert set(manifest["tables"]) == set(TABLES)
    assert manifest["run_date"] == "2024-06-30"
    assert {"python", "staunen", "apache-beam", "pyarrow", "duckdb"} <= set(manifest["made_with"])
    for name, table in manifest["tables"].items():
        assert table["rows"] == (2 if name == "quality" else 0)
        read = pq.read_table(tmp_path / "current" / table["files"][0]["path"], partitioning=None)
        assert read.schema.equals(TABLES[name].schema)
    counters = pq.read_table(tmp_path / "current" / "quality" / "part-00000.parquet", partitioning=None)
    assert counters["counter"].to_pylist() == ["labelled", "rows"]  # sorted by the key


@pytest.mark.parametrize("cuts", [1, 2, 3])
def test_the_same_tables_again_are_the_same_run_and_nothing_is_written(tmp_path: Path, cuts: int) -> None:
    publish(tmp_path, {"rows": 3, "labelled": 2, "read": 5})
    before = files_of(tmp_path)
    assert publish(tmp_path, {"read": 5, "labelled": 2, "rows": 3}, cuts=cuts)["run_id"] == "one"
    assert files_of(tmp_path) == before
    assert not (tmp_path / ".staging").exists()


def test_other_tables_of_the_same_id_stand_beside_the_first(tmp_path: Path) -> None:
    publish(tmp_path, {"rows": 3})
    before = files_of(tmp_path)
    assert publish(tmp_path, {"rows": 4})["run_id"] == "one-2"
    assert publish(tmp_path, {"rows": 5})["run_id"] == "one-3"
    assert {name: content for name, content in files_of(tmp_path).items() if name in before} == before
    # Each is found again, and pointed to again.
    for rows, run_id in ((4, "one-2"), (3, "one"), (5, "one-3")):
        assert publish(tmp_path, {"rows": rows})["run_id"] == run_id
        assert Lake(str(tmp_path)).current_run() == run_id
        assert (tmp_path / "current").resolve().name == run_id
    assert len(list((tmp_path / "runs").iterdir())) == 3


def test_a_run_that_lost_its_manifest_is_left_alone(tmp_path: Path) -> None:
    publish(tmp_path, {"rows": 3})
    (tmp_path / "runs" / "one" / "manifest.json").unlink()
    before = files_of(tmp_path)
    assert publish(tmp_path, {"rows": 3})["run_id"] == "one-2"
    assert {name: content for name, content in files_of(tmp_path).items() if name in before} == before


def test_what_breaks_a_contract_is_not_published(tmp_path: Path) -> None:
    publish(tmp_path, {"rows": 3})
    lake = Lake(str(tmp_path))
    os.makedirs(lake.staging_folder("two"))
    row = {"scope": "run", "item": "", "counter": "rows", "value": 1.0}
    batch = pa.RecordBatch.from_pylist([row, row], schema=QUALITY.schema)
    staged = [stage_batch(batch, contract=QUALITY, folder=lake.staging_folder("two"))]
    with pytest.raises(ContractError, match=r"table quality: the key .* is not unique"):
        publish_run(lake, "two", staged, FACTS, memory_gb=0.5, scratch=str(tmp_path))
    assert lake.current_run() == "one"
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["one"]


def test_a_damaged_twin_is_published_again_under_another_id(tmp_path: Path) -> None:
    publish(tmp_path, {"rows": 3})
    damaged = tmp_path / "runs" / "one" / "quality" / "part-00000.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"X")
    manifest = publish(tmp_path, {"rows": 3})
    assert manifest["run_id"] == Lake(str(tmp_path)).current_run() == "one-2"


def test_on_object_stores_the_manifest_moves_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.lake.is_local", lambda path: False)
    moved: list[str] = []

    def rename(sources: list[str], targets: list[str]) -> None:
        for source, target in zip(sources, targets, strict=True):
            moved.append(target)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.rename(source, target)

    monkeypatch.setattr("pipeline.lake.FileSystems.rename", rename)
    publish(tmp_path, {"rows": 3})
    again = publish(tmp_path, {"rows": 4})
    assert moved[len(TABLES)].endswith("runs/one/manifest.json")
    assert moved[-1].endswith("runs/one-2/manifest.json")
    assert again["run_id"] == Lake(str(tmp_path)).current_run() == "one-2"
    assert (tmp_path / "runs" / "one" / "quality" / "part-00000.parquet").is_file()

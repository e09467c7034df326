import json
from pathlib import Path

import pytest

from pipeline.lake import Lake
from schemas.errors import LakeError


def publish(lake: Lake, run_id: str) -> None:
    folder = Path(lake.run_folder(run_id))
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"run_id": run_id}))
    lake.point_to(run_id)


def test_the_last_run_pointed_to_is_the_published_one(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    publish(lake, "one")
    publish(lake, "two")
    assert lake.current_run() == "two"
    assert lake.manifest() == {"run_id": "two"}
    assert (tmp_path / "current").resolve() == (tmp_path / "runs" / "two").resolve()
    assert lake.manifest("one") == {"run_id": "one"}
    assert not list(tmp_path.glob(".current*"))


def test_a_lake_without_a_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="no run is published here; publish one with `staunen run`"):
        Lake(str(tmp_path)).current_run()


@pytest.mark.parametrize("content", ["", "{", "{}"])
def test_a_damaged_pointer_says_so(tmp_path: Path, content: str) -> None:
    (tmp_path / "current.json").write_text(content)
    with pytest.raises(LakeError, match=r"current\.json is damaged"):
        Lake(str(tmp_path)).current_run()


def test_a_missing_or_damaged_manifest_says_so(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    publish(lake, "one")
    manifest = Path(lake.run_folder("one")) / "manifest.json"
    manifest.write_text("{")
    with pytest.raises(LakeError, match=r"manifest.json is damaged"):
        lake.manifest()
    manifest.unlink()
    with pytest.raises(LakeError, match=r"manifest.json is missing"):
        lake.manifest()


def test_only_one_run_writes_at_a_time(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    with lake.locked(), pytest.raises(LakeError, match="is locked: another run is writing to it"), lake.locked():
        pass
    with lake.locked():
        pass


def test_what_a_killed_run_left_is_cleared(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    publish(lake, "one")
    left = Path(lake.draft_folder("two"))
    left.mkdir(parents=True)
    (left / "part").write_text("half")
    with lake.staging():
        assert not left.exists()
    assert lake.current_run() == "one"


def test_nothing_staged_outlives_its_run_however_it_ends(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))

    def fail() -> None:
        with lake.staging():
            Path(lake.draft_folder("two")).mkdir(parents=True)
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert not (tmp_path / ".staging").exists()

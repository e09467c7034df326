import gzip
import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.storage import digest_file, is_local, match, open_raw, read_json, write_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("lake", True), ("/lake", True), ("./a:b", True), ("s3://b/l", False), ("gs://b/l", False), ("hdfs://n/l", False)],
)
def test_is_local(path: str, expected: bool) -> None:
    assert is_local(path) is expected


@pytest.mark.parametrize("content", [b"", b"a", b"x" * (1 << 20), b"y" * ((1 << 20) + 1)])
def test_digests_are_those_of_hashlib(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert digest_file(str(path)) == (hashlib.sha256(content).hexdigest(), len(content))


def test_compressed_files_are_opened_and_digested_as_they_are(tmp_path: Path) -> None:
    content = gzip.compress(b"hello")
    path = tmp_path / "file.gz"
    path.write_bytes(content)
    with open_raw(str(path)) as file:
        assert file.read() == content
    assert digest_file(str(path)) == (hashlib.sha256(content).hexdigest(), len(content))


@given(JSON)
def test_json_comes_back_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    path = str(tmp_path_factory.mktemp("json") / "value.json")
    write_json(path, value)
    assert read_json(path) == value


def test_json_is_for_people_too_and_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "value.json"
    write_json(str(path), {"long": "x" * 100})
    write_json(str(path), {"name": "Zoë"})
    assert path.read_text(encoding="utf-8") == '{\n  "name": "Zoë"\n}\n'


def test_json_that_is_not_there_or_is_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.json"):
        read_json(str(tmp_path / "nowhere.json"))
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(json.JSONDecodeError):
        read_json(str(tmp_path / "broken.json"))


def test_matches_are_sorted_and_each_once(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "c.txt"):
        (tmp_path / name).touch()
    assert list(match([f"{tmp_path}/*.csv", f"{tmp_path}/a.*"])) == [f"{tmp_path}/a.csv", f"{tmp_path}/b.csv"]
    assert list(match([f"{tmp_path}/*.parquet"])) == []

import json
from dataclasses import replace
from pathlib import Path

import pytest

from models.manifest import MANIFEST_FILE, HeadSpec, Manifest, hash_file, read_manifest, revision_of, write_manifest
from schemas.errors import ModelError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "weights.bin").write_bytes(b"weights")
    unsealed = Manifest(
        name="tiny",
        heads=(HeadSpec("steps", ("fix", "offer"), is_multi=True, temperature=1.5, thresholds=(0.5, 0.4)),),
        review_thresholds={"agent": 0.5},
        max_tokens=256,
        pooling="mean",
        context=False,
        license="Apache-2.0",
        base_model="none",
        files={"weights.bin": hash_file(tmp_path / "weights.bin")},
    )
    write_manifest(replace(unsealed, revision=revision_of(unsealed)), tmp_path)
    return tmp_path


def change(folder: Path, **values: object) -> None:
    path = folder / MANIFEST_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_what_was_written_is_read(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert manifest.heads[0].thresholds == (0.5, 0.4)
    assert manifest.revision == revision_of(manifest)
    assert len(manifest.revision) == 12


def test_a_changed_file_is_named_with_both_hashes(folder: Path) -> None:
    (folder / "weights.bin").write_bytes(b"weighty")
    with pytest.raises(
        ModelError, match=r"weights\.bin: expected 7 bytes with sha256 \w{64}, found 7 bytes .* restore"
    ):
        read_manifest(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "weights.bin").unlink()
    with pytest.raises(ModelError, match=r"weights\.bin: the manifest names this file, but it is missing"):
        read_manifest(folder)


def test_a_changed_threshold_breaks_the_revision(folder: Path) -> None:
    change(folder, review_thresholds={"agent": 0.1})
    with pytest.raises(ModelError, match=r"revision is \w{12}, its content gives \w{12}"):
        read_manifest(folder)


def test_another_format_is_refused(folder: Path) -> None:
    change(folder, format="staunen-classifier/9")
    with pytest.raises(ModelError, match=r"format is 'staunen-classifier/9', expected 'staunen-classifier/1'"):
        read_manifest(folder)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"heads": 1}'])
def test_what_is_no_manifest_is_refused(folder: Path, text: str) -> None:
    (folder / MANIFEST_FILE).write_text(text)
    with pytest.raises(ModelError, match="not a manifest of format"):
        read_manifest(folder)

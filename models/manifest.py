"""The manifest of a shipped model: what it is, how its figures are read, and that no file changed."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from schemas.errors import ModelError

MANIFEST_FILE = "manifest.json"
FORMAT = "staunen-classifier/1"
WAY_OUT = "restore the directory from its source (`git checkout -- DIR` for the shipped model)"


@dataclass(frozen=True)
class HeadSpec:
    """One head of the model.

    Attributes:
        name: sentiment, state, signals or steps.
        labels: The labels in the order of the logits.
        is_multi: Whether each label is decided by itself (sigmoid), or exactly one holds (softmax).
        temperature: Divides the logits before they become probabilities.
        thresholds: Of an `is_multi` head, per label: the label holds from this probability on.
    """

    name: str
    labels: tuple[str, ...]
    is_multi: bool
    temperature: float = 1.0
    thresholds: tuple[float, ...] = ()


@dataclass(frozen=True)
class FileEntry:
    """Size in bytes and SHA-256 of one file."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """All that is known of a model besides its weights.

    Attributes:
        name: The model's name.
        heads: The heads in the order of the graph's outputs.
        review_thresholds: Per role: below this confidence a message needs review.
        max_tokens: Tokens per window; longer texts are split.
        pooling: How token vectors become one: `mean`.
        context: Whether the model reads the previous turn as a second segment.
        license: SPDX identifier of the weights' licence.
        base_model: What the encoder was fine-tuned from.
        files: Size and hash per file name.
        revision: See `revision_of`; empty until the manifest is sealed.
    """

    name: str
    heads: tuple[HeadSpec, ...]
    review_thresholds: dict[str, float]
    max_tokens: int
    pooling: str
    context: bool
    license: str
    base_model: str
    files: dict[str, FileEntry] = field(default_factory=dict)
    revision: str = ""
    format: str = FORMAT


def hash_file(path: Path) -> FileEntry:
    """Return the size and hash of a file."""
    with path.open("rb") as file:
        return FileEntry(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def revision_of(manifest: Manifest) -> str:
    """Return 12 hex digits over all files' hashes and every setting, thresholds included.

    Settings count because they decide labels: with new thresholds the model is a new revision.
    """
    content = asdict(manifest) | {"revision": ""}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write `manifest` as JSON, keys in a fixed order."""
    text = json.dumps(asdict(manifest), indent=2, ensure_ascii=False)
    (folder / MANIFEST_FILE).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest and hold the directory against it.

    Raises:
        ModelError: The manifest is not ours, a file is missing or changed, or the settings
            do not give the revision that it names.
    """
    path = folder / MANIFEST_FILE
    try:
        manifest = _parse(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(f"{path}: not a manifest of format {FORMAT} ({error!r}); {WAY_OUT}") from error
    if manifest.format != FORMAT:
        raise ModelError(f"{path}: format is {manifest.format!r}, expected {FORMAT!r}; update staunen")
    for name, expected in manifest.files.items():
        _check_file(folder / name, expected)
    if (revision := revision_of(manifest)) != manifest.revision:
        raise ModelError(f"{path}: revision is {manifest.revision}, its content gives {revision}; {WAY_OUT}")
    return manifest


def _parse(content: dict[str, Any]) -> Manifest:
    heads = tuple(
        HeadSpec(**head | {key: tuple(head[key]) for key in ("labels", "thresholds")}) for head in content["heads"]
    )
    files = {name: FileEntry(**entry) for name, entry in content["files"].items()}
    return Manifest(**content | {"heads": heads, "files": files})


def _check_file(path: Path, expected: FileEntry) -> None:
    if not path.is_file():
        raise ModelError(f"{path}: the manifest names this file, but it is missing; {WAY_OUT}")
    found = hash_file(path)
    if found != expected:
        raise ModelError(
            f"{path}: expected {expected.size} bytes with sha256 {expected.sha256}, "
            f"found {found.size} bytes with sha256 {found.sha256}; {WAY_OUT}"
        )

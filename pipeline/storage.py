"""Small files on any file system that Beam knows."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

_CHUNK = 1 << 20


def is_local(path: str) -> bool:
    """Whether the path is on this machine's disk."""
    return "://" not in path


def open_raw(path: str) -> BinaryIO:
    """Open a file for reading as it is, never decompressed."""
    return FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED)


def digest_file(path: str) -> tuple[str, int]:
    """Give a file's sha256 (hex) and its size in bytes."""
    digest, size = hashlib.sha256(), 0
    with open_raw(path) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


def read_json(path: str) -> Any:
    """Read a JSON file.

    Raises:
        FileNotFoundError: There is none.
    """
    if not FileSystems.exists(path):
        raise FileNotFoundError(path)
    with open_raw(path) as file:
        return json.load(file)


def write_json(path: str, value: Any) -> None:
    """Write a JSON file that people can read too."""
    with FileSystems.create(path) as file:
        file.write(json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n")


def match(patterns: list[str]) -> Iterator[str]:
    """Give the paths that fit the patterns, sorted, each once."""
    found = {meta.path for result in FileSystems.match(patterns) for meta in result.metadata_list}
    yield from sorted(found)

"""Turn a run's staged batches into its published tables."""

import logging
import platform
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from apache_beam.io.filesystems import FileSystems

from pipeline.lake import Lake
from pipeline.storage import digest_file, write_json
from schemas.tables import TABLES
from transforms.write_parquet import write_parquet

log = logging.getLogger(__name__)

_PARTS = ("staunen", "apache-beam", "pyarrow", "onnxruntime", "transformers", "duckdb")


def publish_run(
    lake: Lake,
    run_id: str,
    staged: Iterable[tuple[str, str]],
    facts: Mapping[str, Any],
    *,
    memory_gb: float,
    scratch: str,
) -> dict[str, Any]:
    """Write all tables and the manifest, then make the run the published one.

    Args:
        lake: The lake, locked.
        run_id: The run; one that is there already with the same tables is left as it is.
        staged: (table, path) of each staged batch.
        facts: What the manifest says beside the tables: inputs, options, model.
        memory_gb: Memory that sorting a table may use.
        scratch: Local folder for what does not fit.

    Returns:
        The manifest.
    """
    draft = lake.draft_folder(run_id)
    paths: dict[str, list[str]] = defaultdict(list)
    for table, path in staged:
        paths[table].append(path)
    tables = {
        name: _write_table(sorted(paths[name]), name, draft, memory_gb=memory_gb, scratch=scratch) for name in TABLES
    }
    run_id, published = _find_twin(lake, run_id, tables)
    if published:
        lake.point_to(run_id)
        return published
    manifest = {"run_id": run_id, **facts, "made_with": _versions(), "tables": tables}
    write_json(FileSystems.join(draft, "manifest.json"), manifest)
    lake.move_draft(draft, run_id)
    lake.point_to(run_id)
    return manifest


def _write_table(paths: list[str], name: str, draft: str, *, memory_gb: float, scratch: str) -> dict[str, Any]:
    contract = TABLES[name]
    files = write_parquet(paths, contract, draft, memory_gb=memory_gb, scratch=scratch)
    return {
        "version": contract.version,
        "rows": sum(file.rows for file in files),
        "files": [asdict(file) for file in files],
    }


def _find_twin(lake: Lake, run_id: str, tables: Mapping[str, Any]) -> tuple[str, dict[str, Any] | None]:
    """Find a run of this id, or of this id and a number, whose tables are the same to the byte.

    Returns:
        Its id and manifest; or an id that no run has, and None: a published run is never written over, and a
        damaged one that has lost its manifest keeps its folder.
    """
    number, name = 1, run_id
    while lake.is_taken(name):
        if lake.has_manifest(name) and (manifest := lake.manifest(name))["tables"] == tables:
            if _is_whole(lake.run_folder(name), tables):
                return name, manifest
            log.warning("run %s is damaged; its tables are published again under another id", name)
        number += 1
        name = f"{run_id}-{number}"
    return name, None


def _is_whole(folder: str, tables: Mapping[str, Any]) -> bool:
    """Whether the files of a run are still the ones that were published."""
    files = [file for table in tables.values() for file in table["files"]]
    try:
        return all(digest_file(FileSystems.join(folder, file["path"]))[0] == file["sha256"] for file in files)
    except (OSError, RuntimeError):
        return False


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{part: version(part) for part in _PARTS}}

"""Run one night: read, label, build, check the counts, publish."""

import hashlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.transforms.combiners import ToList

from models.classifier import MessageClassifier
from pipeline.account import InputCount, account_for, refuse_nothing, refuse_too_many
from pipeline.config import Job
from pipeline.graph import Night, build_tables
from pipeline.inputs import InputFile, list_files, open_inputs
from pipeline.lake import Lake
from pipeline.pseudonym_key import check_fingerprint, read_key
from pipeline.publish import publish_run
from pipeline.storage import digest_file, read_json, write_json
from pipeline.watch import watch_staging
from pipeline.workers import make_pipeline, run_to_end
from schemas.sources.load import load_source
from schemas.sources.rules import Source

log = logging.getLogger(__name__)

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class RunSummary:
    """What a night did.

    Attributes:
        run_id: The published run.
        folder: Where it lies.
        inputs: Rows read, kept, rejected and left out per input.
        rejected_by_reason: Reason -> rows.
        rows: Table -> rows.
        model: The classifier and its revision.
        seconds: How long it took.
    """

    run_id: str
    folder: str
    inputs: list[InputCount]
    rejected_by_reason: dict[str, int]
    rows: dict[str, int]
    model: str
    seconds: float


def run_night(job: Job, tell: Tell = lambda *_: None, classifier: MessageClassifier | None = None) -> RunSummary:
    """Run one night from exports to published tables.

    Args:
        job: What to do.
        tell: Is told what is done now, how much of it, and of how much (0: not known).
        classifier: The model behind Beam's handler; the one that the job names where none is given.

    Returns:
        What was done; the run is published. Whatever goes wrong is raised, and the run before stays published.

    Raises:
        UsageError: The job or its source breaks a rule.
        InputError: An export cannot be used.
        TooManyRejectedError: More rows were rejected than the job allows.
        LakeError: The lake is locked or damaged.
        ModelError: The model cannot be used.
    """
    started, started_at = time.monotonic(), datetime.now(UTC)
    source = load_source(job.source)
    readers = open_inputs(job, source)
    tell("loading the model", 0, 0)
    classifier = classifier or MessageClassifier(job.model, job.threads or None)
    revision = classifier.load_model().revision
    lake = Lake(job.output)
    with lake.locked(), lake.staging(), tempfile.TemporaryDirectory(prefix="staunen-") as scratch:
        key = read_key(os.environ, job.output)
        check_fingerprint(key, lake.key_fingerprint())
        files = list(list_files(readers))
        facts = _describe(job, source, revision, key.fingerprint, files)
        run_id = f"{job.run_date}-{_fingerprint(facts)}"
        log.info("run %s: %d files, %.1f MB", run_id, len(files), sum(file.size_bytes for file in files) / 1e6)
        night = Night(job, source, readers, classifier, key.secret, lake.staging_folder(run_id))
        with watch_staging(night.staging, tell):
            staged = _build(night)
        counts, reasons = account_for([path for table, path in staged if table == "quality"])
        for count in counts:
            log.info("%s: %d rows read, %d kept, %d rejected", count.input, count.read, count.kept, count.rejected)
        refuse_too_many(counts, job.max_rejected, [path for table, path in staged if table == "rejects"])
        refuse_nothing(counts)
        tell("publishing", 0, 0)
        facts |= {"started_at": started_at.isoformat(), "finished_at": datetime.now(UTC).isoformat()}
        manifest = publish_run(lake, run_id, staged, facts, memory_gb=job.memory_gb, scratch=scratch)
        log.info("run %s is published", manifest["run_id"])
    return RunSummary(
        run_id=manifest["run_id"],
        folder=lake.run_folder(manifest["run_id"]),
        inputs=counts,
        rejected_by_reason=reasons,
        rows={name: table["rows"] for name, table in manifest["tables"].items()},
        model=f"{job.model} {revision}",
        seconds=time.monotonic() - started,
    )


def _build(night: Night) -> list[tuple[str, str]]:
    """Run the graph; gives (table, path) of each staged batch."""
    listing = FileSystems.join(night.staging, "staged.json")
    FileSystems.mkdirs(night.staging)
    pipeline = make_pipeline(night.job.beam_options)
    _ = (
        build_tables(pipeline, night)
        | "List files" >> ToList()
        | "Write list" >> beam.Map(lambda staged: write_json(listing, staged))
    )
    run_to_end(pipeline)
    return [(table, path) for table, path in read_json(listing)]


def _describe(job: Job, source: Source, revision: str, key: str, files: list[InputFile]) -> dict[str, Any]:
    """All that decides what the tables hold."""
    return {
        "run_date": job.run_date.isoformat(),
        "source": {"name": source.name, "sha256": digest_file(source.file)[0]},
        "model": {"name": job.model, "revision": revision},
        "pseudonym_key_fingerprint": key,
        "options": {
            "max_rejected": job.max_rejected,
            "store_text": job.store_text,
            "policy": json.loads(json.dumps(asdict(job.policy), default=str)),
        },
        "inputs": [asdict(file) for file in files],
        "staunen": version("staunen"),
    }


def _fingerprint(facts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:8]

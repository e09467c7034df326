"""What one night is asked to do: the job, from a config file and the command line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pipeline.storage import is_local
from schemas.errors import UsageError
from schemas.policy import WEEKDAYS, Clock, Policy, Schedule, Target

MIN_MEMORY_GB = 0.1  # less, and DuckDB cannot even begin to sort
INPUTS = ("messages", "changes", "events", "surveys", "customers", "identities")
DEFAULT_MODEL = str(Path(__file__).resolve().parent.parent / "models" / "default")


@dataclass(frozen=True)
class Job:
    """One night's work.

    Attributes:
        source: Name of a preset, or path of a source file.
        inputs: Per input (`INPUTS`) and table of it the globs of its files; `""` is an input's only table.
        output: The lake.
        run_date: The night; its end is "now" for all that is open.
        model: Directory or hub id of the classifier.
        policy: The company's own rules.
        max_rejected: Largest share of rejected rows, 0 to 1.
        store_text: Whether the redacted text is kept in `messages`.
        memory_gb: Memory that sorting a table may use before it goes to disk.
        threads: Threads of the model; 0 for all cores.
        beam_options: Options for Beam, as on its command line.
    """

    source: str
    inputs: Mapping[str, Mapping[str, tuple[str, ...]]]
    output: str
    run_date: date
    model: str = DEFAULT_MODEL
    policy: Policy = field(default_factory=Policy)
    max_rejected: float = 0.05
    store_text: bool = True
    memory_gb: float = 2.0
    threads: int = 0
    beam_options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check what types cannot."""
        if not self.inputs.get("messages"):
            raise UsageError("no messages to read: give --messages GLOB, or `messages:` in the config")
        if not 0 <= self.max_rejected <= 1:
            raise UsageError(f"max_rejected is {self.max_rejected}; it is a share and must be from 0 to 1")
        if self.memory_gb < MIN_MEMORY_GB:
            raise UsageError(f"memory_gb is {self.memory_gb}; it must be at least {MIN_MEMORY_GB}")
        if self.threads < 0:
            raise UsageError(f"threads is {self.threads}; it must be 0 (all cores) or more")

    @property
    def run_at(self) -> datetime:
        """The end of the run date, UTC."""
        return datetime.combine(self.run_date, time(), UTC) + timedelta(days=1)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _TargetFile(_Strict):
    valid_from: date
    priority: str | None = None
    first_reply_hours: float | None = Field(None, gt=0)
    resolution_hours: float | None = Field(None, gt=0)
    clock: Clock = "calendar"

    def to_target(self) -> Target:
        def seconds(hours: float | None) -> int | None:
            return None if hours is None else round(hours * 3600)

        return Target(
            self.valid_from,
            self.priority,
            seconds(self.first_reply_hours),
            seconds(self.resolution_hours),
            self.clock,
        )


class _ScheduleFile(_Strict):
    zone: str = "UTC"
    hours: dict[str, list[str]] | None = None
    holidays: str | None = None

    @field_validator("hours")
    @classmethod
    def _days_exist(cls, hours: dict[str, list[str]] | None) -> dict[str, list[str]] | None:
        if odd := sorted(set(hours or ()) - set(WEEKDAYS)):
            raise ValueError(f"{odd} are no weekdays; write {', '.join(WEEKDAYS)}")
        return hours

    def to_schedule(self) -> Schedule:
        if self.hours is None:
            return Schedule(zone=self.zone, holidays=self.holidays)
        hours = tuple((day, tuple(_read_span(span) for span in spans)) for day, spans in self.hours.items())
        return Schedule(zone=self.zone, hours=hours, holidays=self.holidays)


class _PolicyFile(_Strict):
    recovery_window_days: int = Policy.recovery_window_days
    urgent_reply_seconds: int = Policy.urgent_reply_seconds
    min_group: int = Policy.min_group
    expectation_weight: float = Policy.expectation_weight
    schedule: _ScheduleFile = _ScheduleFile()
    targets: list[_TargetFile] = []

    def to_policy(self) -> Policy:
        return Policy(
            recovery_window_days=self.recovery_window_days,
            urgent_reply_seconds=self.urgent_reply_seconds,
            min_group=self.min_group,
            expectation_weight=self.expectation_weight,
            schedule=self.schedule.to_schedule(),
            targets=tuple(target.to_target() for target in self.targets),
        )


Globs = str | list[str]


class JobFile(_Strict):
    """The config file: the same names as the options of `staunen run`, and the policy."""

    source: str | None = None
    messages: Globs | dict[str, Globs] | None = None
    changes: Globs | None = None
    events: Globs | None = None
    surveys: Globs | None = None
    customers: Globs | None = None
    identities: Globs | None = None
    output: str | None = None
    run_date: date | None = None
    model: str | None = None
    max_rejected: float | None = None
    store_text: bool | None = None
    memory_gb: float | None = None
    threads: int | None = None
    policy: _PolicyFile = _PolicyFile()


def _read_span(span: str) -> tuple[time, time]:
    """Read `09:00-17:30`; an end of `00:00` is midnight."""
    try:
        start, end = (time.fromisoformat(part.strip()) for part in span.split("-"))
    except ValueError:
        raise UsageError(f"opening hours {span!r} are not like 09:00-17:30") from None
    if start >= end and end != time():
        raise UsageError(f"opening hours {span!r} end before they start; split a night shift at midnight")
    return start, end


def read_globs(given: Globs | dict[str, Globs] | None, base: str = "") -> dict[str, tuple[str, ...]]:
    """Bring the ways to write globs into one: table -> globs; `""` is an input's only table.

    Args:
        given: A glob, a list of globs (each may be `TABLE=GLOB`), or table -> globs.
        base: Folder that relative local globs start from.
    """
    if given is None:
        return {}
    if isinstance(given, dict):
        return {table: _from_folder(base, globs) for table, globs in given.items()}
    tables: dict[str, tuple[str, ...]] = {}
    for item in [given] if isinstance(given, str) else given:
        table, _, glob = item.rpartition("=")
        tables[table] = (*tables.get(table, ()), *_from_folder(base, glob))
    return tables


def _from_folder(base: str, globs: Globs) -> tuple[str, ...]:
    listed = [globs] if isinstance(globs, str) else globs
    return tuple(str(Path(base) / glob) if base and is_local(glob) else glob for glob in listed)


def load_job_file(path: str) -> JobFile:
    """Read a config file.

    Raises:
        UsageError: It is not there, not YAML, or breaks a rule; names file, key and rule.
    """
    try:
        content: Any = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"config {path}: {error.strerror}; check the path") from error
    except yaml.YAMLError as error:
        raise UsageError(f"config {path} is not YAML: {error}") from error
    try:
        return JobFile.model_validate(content or {})
    except ValidationError as error:
        rules = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'file'}: {problem['msg']}"
            for problem in error.errors()
        )
        raise UsageError(f"config {path}: {rules}") from error


def make_job(given: Mapping[str, Any], config: str | None) -> Job:
    """Put the job together: what the command line gives goes before what the config file says.

    Relative paths in a config file start from the file's own folder.

    Args:
        given: Options of the command line by the names of `JobFile`; None where not given.
        config: Path of the config file, if any.

    Raises:
        UsageError: Something needed is missing or breaks a rule.
    """
    file = load_job_file(config) if config else JobFile()
    base = str(Path(config).parent) if config else ""
    said = {name: value for name, value in given.items() if value is not None and value != []}
    inputs = {
        name: read_globs(said[name]) if name in said else read_globs(getattr(file, name), base) for name in INPUTS
    }
    plain = {
        name: said.get(name, getattr(file, name, None))
        for name in (
            "source",
            "output",
            "run_date",
            "model",
            "max_rejected",
            "store_text",
            "memory_gb",
            "threads",
        )
    }
    if missing := [name for name in ("source", "output", "run_date") if plain[name] is None]:
        options = ", ".join("--" + name.replace("_", "-") for name in missing)
        raise UsageError(f"{options} missing: give it on the command line or in --config")
    for name in ("source", "output"):
        if name not in said and base and _is_relative_file(name, str(plain[name])):
            plain[name] = str(Path(base) / str(plain[name]))
    return Job(
        inputs={name: globs for name, globs in inputs.items() if globs},
        policy=file.policy.to_policy(),
        beam_options=tuple(said.get("beam_options", ())),
        **{name: value for name, value in plain.items() if value is not None},
    )


def _is_relative_file(name: str, value: str) -> bool:
    if name == "source" and not value.endswith((".yaml", ".yml")):
        return False  # a preset's name
    return is_local(value) and not Path(value).is_absolute()

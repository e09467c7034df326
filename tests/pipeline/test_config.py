from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from pipeline.config import DEFAULT_MODEL, Job, make_job, read_globs
from schemas.errors import UsageError
from schemas.policy import Target

MINIMAL = {"source": "generic", "messages": ["m.csv"], "output": "lake", "run_date": date(2024, 6, 30)}

CONFIG = """
source: ours.yaml
messages: [messages-*.csv, s3://bucket/more/*.jsonl.gz]
events: events.csv
output: lake
run_date: 2024-06-30
max_rejected: 0.1
policy:
  recovery_window_days: 10
  schedule:
    zone: Europe/Berlin
    hours: {mon: ["09:00-12:30", "13:00-17:00"], sat: ["10:00-14:00"]}
    holidays: DE-BY
  targets:
    - {valid_from: 2024-01-01, priority: high, first_reply_hours: 0.5, resolution_hours: 48, clock: business}
"""


def written(folder: Path, text: str) -> str:
    path = folder / "nightly.yaml"
    path.write_text(text)
    return str(path)


def test_options_alone_make_a_job() -> None:
    job = make_job(MINIMAL, None)
    assert job.inputs == {"messages": {"": ("m.csv",)}}
    assert (job.model, job.max_rejected, job.store_text) == (DEFAULT_MODEL, 0.05, True)
    assert job.run_at == datetime(2024, 7, 1, tzinfo=UTC)


def test_a_config_file_makes_a_job_with_paths_from_its_own_folder(tmp_path: Path) -> None:
    job = make_job({}, written(tmp_path, CONFIG))
    assert job.source == str(tmp_path / "ours.yaml")
    assert job.output == str(tmp_path / "lake")
    assert job.inputs == {
        "messages": {"": (str(tmp_path / "messages-*.csv"), "s3://bucket/more/*.jsonl.gz")},
        "events": {"": (str(tmp_path / "events.csv"),)},
    }
    assert job.max_rejected == 0.1
    assert job.policy.recovery_window_days == 10
    assert job.policy.targets == (Target(date(2024, 1, 1), "high", 1800, 172_800, "business"),)
    assert dict(job.policy.schedule.hours) == {
        "mon": ((time(9), time(12, 30)), (time(13), time(17))),
        "sat": ((time(10), time(14)),),
    }


def test_the_command_line_goes_before_the_config_file(tmp_path: Path) -> None:
    given = {"events": ["other.csv"], "output": "elsewhere", "max_rejected": 0.0, "store_text": False}
    job = make_job(given, written(tmp_path, CONFIG))
    assert job.inputs["events"] == {"": ("other.csv",)}
    assert (job.output, job.max_rejected, job.store_text) == ("elsewhere", 0.0, False)


@pytest.mark.parametrize(
    ("given", "tables"),
    [
        ("a.csv", {"": ("a.csv",)}),
        (["a.csv", "b.csv"], {"": ("a.csv", "b.csv")}),
        (["comment=c.csv", "ticket=t1.csv", "ticket=t2.csv"], {"comment": ("c.csv",), "ticket": ("t1.csv", "t2.csv")}),
        ({"comment": "c.csv"}, {"comment": ("c.csv",)}),
        (None, {}),
    ],
)
def test_ways_to_write_globs(given: object, tables: dict[str, tuple[str, ...]]) -> None:
    assert read_globs(given) == tables  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sauce: generic", "sauce: Extra inputs are not permitted"),
        ("run_date: someday", "run_date: Input should be a valid date"),
        ("policy: {targets: [{valid_from: 2024-01-01, clock: lunar}]}", "policy.targets.0.clock: Input should be"),
        ("policy: {schedule: {hours: {monday: []}}}", r"hours: .*'monday'\] are no weekdays"),
        ("source: [", "is not YAML"),
    ],
)
def test_a_config_that_breaks_a_rule_is_refused_by_file_key_and_rule(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=f"nightly.yaml.*{message}"):
        make_job({}, written(tmp_path, text))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": None, "output": None}, "--source, --output missing"),
        ({"messages": []}, "no messages to read: give --messages GLOB"),
        ({"max_rejected": 5.0}, "max_rejected is 5.0; it is a share"),
    ],
)
def test_a_job_that_cannot_be_is_refused(change: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make_job({**MINIMAL, **change}, None)


@pytest.mark.parametrize(
    ("span", "message"),
    [("9-17", "are not like 09:00-17:30"), ("22:00-06:00", "end before they start; split a night shift")],
    ids=["format", "night"],
)
def test_opening_hours_that_make_no_sense_are_refused(tmp_path: Path, span: str, message: str) -> None:
    text = f"policy: {{schedule: {{hours: {{mon: ['{span}']}}}}}}"
    with pytest.raises(UsageError, match=message):
        make_job(MINIMAL, written(tmp_path, text))


def test_no_config_file_at_the_path() -> None:
    with pytest.raises(UsageError, match=r"config nowhere\.yaml: No such file or directory; check the path"):
        make_job({}, "nowhere.yaml")


def test_a_job_needs_messages() -> None:
    with pytest.raises(UsageError, match="no messages"):
        Job("generic", {}, "lake", date(2024, 1, 1))


def test_opening_hours_may_end_at_midnight(tmp_path: Path) -> None:
    text = "policy: {schedule: {hours: {mon: ['22:00-00:00']}}}"
    job = make_job(MINIMAL, written(tmp_path, text))
    assert job.policy.schedule.hours == (("mon", ((time(22), time(0)),)),)

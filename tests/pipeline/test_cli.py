"""Bad input as whoever is called at night meets it: an exit code, and a line that says where, what and how on."""

import contextlib
import gzip
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

import pipeline.run
from pipeline.check import check_lake
from pipeline.cli import main
from pipeline.config import Job
from pipeline.lake import Lake
from pipeline.run import run_night
from tests.fakes import FakeClassifier

ROOT = Path(__file__).parents[2]
HEADER = "message_id,conversation_id,role,sent_at,text\n"
GOOD = (
    HEADER + "1,a,customer,2024-01-01T10:00:00Z,My order is late\n2,a,agent,2024-01-01T11:00:00Z,Sorry\n"
    "3,b,customer,2024-01-02T10:00:00Z,Great\n"
)

Ended = tuple[int, str, str]
Staunen = Callable[..., Ended]


@pytest.fixture
def staunen(capsys: pytest.CaptureFixture[str]) -> Staunen:
    """Run a command; gives exit code, output and errors. Anything but an exit lets the test fail."""

    def run(*arguments: object) -> Ended:
        code = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return run


@pytest.fixture
def night(staunen: Staunen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Staunen:
    """Run `staunen run` on a file's content, with a stand-in for the model."""
    monkeypatch.setattr(pipeline.run, "MessageClassifier", lambda *_: FakeClassifier())
    monkeypatch.chdir(tmp_path)

    def run(content: str | bytes, *more: object, name: str = "messages.csv") -> Ended:
        Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
        given = ("--source", "generic", "--messages", name, "--output", tmp_path / "lake", "--run-date", "2024-06-30")
        return staunen("run", *given, *more)

    return run


def long_export() -> bytes:
    noise = random.Random(1)
    rows = (f"{i},c{i},customer,2024-01-03T10:00:00Z,{noise.random()}\n" for i in range(20_000))
    return (HEADER + "".join(rows)).encode()


LATIN = (GOOD + "4,d,customer,2024-01-02T10:00:00Z,Schön\n").encode("latin-1")
UNUSABLE: dict[str, tuple[str | bytes, str, int, list[str]]] = {
    "missing column": (
        GOOD.replace("sent_at", "when"),
        "a.csv",
        3,
        ["a.csv: the column sent_at or created_at", "found", "'when'", "Name the right column"],
    ),
    "wrong delimiter": (
        GOOD.replace(",", ";"),
        "a.csv",
        3,
        ["a.csv: the header is one column: set `delimiter` to ';'"],
    ),
    "empty file": ("", "a.csv", 3, ["a.csv is empty: not even a header"]),
    "a header and no row": (HEADER, "a.csv", 3, ["messages: none was kept of 0 rows read", "the run before stays"]),
    "truncated gz": (
        gzip.compress(long_export())[:100_000],
        "a.csv.gz",
        3,
        ["a.csv.gz cannot be read to its end", "export or copy it again"],
    ),
    "no gz at all": (GOOD, "a.csv.gz", 3, ["a.csv.gz cannot be read to its end"]),
    "another encoding": (
        LATIN,
        "a.csv",
        4,
        [
            "messages: 1 of 4 rows rejected (25.0%), the limit is 5.0%",
            "not_text 1 (first in a.csv row 4, column text)",
            "is `encoding` in the source right?",
            "Nothing is published",
            "--max-rejected",
        ],
    ),
    "unknown format": (GOOD, "a.txt", 3, ["a.txt: no format is known for '.txt'", "set `format`"]),
}


@pytest.mark.parametrize(("content", "name", "code", "messages"), UNUSABLE.values(), ids=UNUSABLE)
def test_exports_that_cannot_be_used(
    night: Staunen, tmp_path: Path, content: str | bytes, name: str, code: int, messages: list[str]
) -> None:
    ended, out, err = night(content, name=name)
    assert ended == code, err
    assert [message for message in messages if message not in err] == []
    assert not out
    assert not (tmp_path / "lake" / "current.json").exists()


@pytest.mark.parametrize(
    ("options", "code", "messages"),
    [
        (["--messages", "nowhere-*.csv"], 3, ["nowhere-*.csv matches no file", "quote globs"]),
        (["--source", "zendeks"], 2, ["no source 'zendeks'", "did you mean 'zendesk'?"]),
        (["--source", "zendesk"], 2, ["needs files of the table", "=GLOB"]),
        (["--source", "cfpb"], 3, ["the column", "found", "Name the right column"]),
        (["--run-date", "30.06.2024"], 2, ["--run-date", "%Y-%m-%d"]),
        (["--run-date", "2024-02-31"], 2, ["--run-date"]),
        (["--max-rejected", "7"], 2, ["max_rejected is 7.0; it is a share and must be from 0 to 1"]),
        (["--memory-gb", "0"], 2, ["memory_gb is 0.0; it must be at least 0.1"]),
        (["--threads", "-1"], 2, ["threads is -1; it must be 0 (all cores) or more"]),
        (["--treads", "1"], 2, ["No such option", "--threads"]),
        (["--config", "nowhere.yaml"], 2, ["config nowhere.yaml", "check the path"]),
        (["--output", "/proc/staunen"], 5, ["/proc/staunen cannot be written to", "name another folder with --output"]),
        (["--output", str(Path(__file__))], 5, ["test_cli.py cannot be written to"]),
        (["--", "--runner=Nope"], 2, ["Beam cannot use --runner=Nope", "FlinkRunner"]),
    ],
)
def test_options_that_cannot_be_used(night: Staunen, options: list[str], code: int, messages: list[str]) -> None:
    ended, _, err = night(GOOD, *options)
    assert ended == code, err
    assert [message for message in messages if message not in err] == []


@pytest.mark.parametrize(
    ("yaml", "messages"),
    [
        ("name: x\nmessages:\n  colums: {}\n", [", line 3, messages.colums: unknown key; did you mean 'columns'?"]),
        ("name: x\n messages: [\n", ["line 2: this is not YAML"]),
        ("name: x\n", ["the key `messages` is missing"]),
    ],
)
def test_sources_that_break_a_rule(night: Staunen, tmp_path: Path, yaml: str, messages: list[str]) -> None:
    (tmp_path / "ours.yaml").write_text(yaml)
    code, _, err = night(GOOD, "--source", tmp_path / "ours.yaml")
    assert code == 2, err
    assert [message for message in ["ours.yaml", *messages] if message not in err] == []


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ("sorce: x\n", "sorce: Extra inputs are not permitted"),
        ("policy: {recovery_window_days: 0}\n", "recovery_window_days is 0; it must be at least 1"),
        ("policy: {schedule: {hours: {mon: ['9-17']}}}\n", "opening hours '9-17' are not like 09:00-17:30"),
        ("policy: {schedule: {zone: Mars/Base}}\n", "zone 'Mars/Base' is not an IANA time zone"),
        ("run_date: 30.06.2024\n", "run_date: Input should be a valid date"),
    ],
)
def test_configs_that_break_a_rule(night: Staunen, tmp_path: Path, yaml: str, message: str) -> None:
    (tmp_path / "nightly.yaml").write_text(yaml)
    code, _, err = night(GOOD, "--config", tmp_path / "nightly.yaml")
    assert code == 2
    assert message in err


def test_a_model_that_is_none(staunen: Staunen, tmp_path: Path) -> None:
    (tmp_path / "messages.csv").write_text(GOOD)
    (tmp_path / "model").mkdir()
    given = ("--source", "generic", "--messages", tmp_path / "messages.csv", "--run-date", "2024-06-30")
    code, _, err = staunen("run", *given, "--output", tmp_path / "lake", "--model", tmp_path / "model")
    assert code == 1
    assert f"{tmp_path / 'model'}: not a model that can be loaded" in err
    assert not (tmp_path / "lake").exists()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    (folder / "messages.csv").write_text(GOOD)
    with contextlib.chdir(folder):
        inputs = {"messages": {"": ("messages.csv",)}}
        job = Job(source="generic", inputs=inputs, output="lake", run_date=date(2024, 6, 30))
        run_night(job, classifier=FakeClassifier())  # type: ignore[arg-type]
    return folder / "lake"


@pytest.fixture
def lake(published: Path, tmp_path: Path) -> Path:
    """A lake to harm: what `night(GOOD)` publishes."""
    shutil.copytree(published, tmp_path / "lake", symlinks=True)
    return tmp_path / "lake"


def test_a_locked_lake(night: Staunen, lake: Path) -> None:
    with Lake(str(lake)).locked():
        code, _, err = night(GOOD)
    assert code == 5
    assert f"{lake} is locked: another run is writing to it; wait for it, or stop it" in err


def test_a_damaged_lake_says_the_way_out_and_it_works(night: Staunen, staunen: Staunen, lake: Path) -> None:
    pointer = lake / "current.json"
    for content in ("{", "[]", '{"run_id": "gone"}'):
        pointer.write_text(content)
        for code, _, err in (night(GOOD), staunen("check", lake), staunen("sql", lake, "select 1")):
            assert code == 5
            assert f"delete {pointer} and run the night again with the same key" in err
    pointer.unlink()
    assert night(GOOD)[0] == 0
    assert staunen("check", lake)[0] == 0


def test_a_run_without_its_manifest_is_made_again_beside_it(night: Staunen, staunen: Staunen, lake: Path) -> None:
    run_id = Lake(str(lake)).current_run()
    (lake / "runs" / run_id / "manifest.json").unlink()
    assert staunen("check", lake)[0] == 5
    (lake / "current.json").unlink()
    for _ in range(2):  # and a third night of the same finds the second
        assert night(GOOD)[0] == 0
        assert Lake(str(lake)).current_run() == f"{run_id}-2"
    assert sorted(path.name for path in (lake / "runs").iterdir()) == [run_id, f"{run_id}-2"]


def test_check_tells_what_is_wrong_by_its_exit_code(staunen: Staunen, lake: Path) -> None:
    assert staunen("check", lake)[0] == 0
    next(lake.glob("runs/*/cases/*.parquet")).unlink()
    code, out, _ = staunen("check", lake, "--json")
    assert code == 5
    assert [finding["where"] for finding in json.loads(out)["findings"]] == ["cases/part-00000.parquet"]


@pytest.mark.parametrize("command", ["check", "sql"])
def test_no_lake(staunen: Staunen, tmp_path: Path, command: str) -> None:
    code, _, err = staunen(command, tmp_path, *(["select 1"] if command == "sql" else []))
    assert code == 5
    assert f"{tmp_path}: no current.json, so no run is published here; publish one with `staunen run`" in err


def test_sql_gives_rows_and_refuses_what_is_no_query(staunen: Staunen, lake: Path, tmp_path: Path) -> None:
    code, out, _ = staunen("sql", lake, "select count(*) as n from messages", "--json")
    assert (code, json.loads(out)) == (0, [{"n": 3}])
    target = tmp_path / "stolen.csv"
    refused = {
        "selec 1": 'syntax error at or near "selec"',
        "select * from nope": "Table with name nope does not exist",
        f"copy cases to '{target}'": "the lake is read-only, and this is a copy statement; write a select",
        "drop view cases": "this is a drop statement",
        "select 1; select 2": "2 statements given; give one",
        "": "0 statements given",
        "select * from read_csv('/etc/passwd')": "Cannot access file",
        "set enable_external_access = true": "this is a set statement",
    }
    for query, message in refused.items():
        code, out, err = staunen("sql", lake, query)
        assert (code, out) == (2, ""), query
        assert message in err
    assert not target.exists()


def test_errors_for_machines(night: Staunen) -> None:
    code, out, err = night("", "--json")
    told = json.loads(out)
    assert (code, told) == (3, {"error": "InputError", "message": "messages.csv is empty: not even a header"})
    assert told["message"] in err


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("cannot parse 'I am Jane Doe'"), "ValueError; unexpected"),
        (
            PermissionError(13, "Permission denied", "weights"),
            "PermissionError: [Errno 13] Permission denied",
        ),
    ],
)
def test_what_nobody_foresaw_ends_in_a_line_without_what_a_customer_wrote(
    night: Staunen, monkeypatch: pytest.MonkeyPatch, error: Exception, told: str
) -> None:
    def break_down(*_: object) -> None:
        raise error

    monkeypatch.setattr(pipeline.run, "MessageClassifier", break_down)
    code, _, err = night(GOOD)
    assert code == 1
    assert told in err
    assert "staunen --verbose" in err
    assert "Jane" not in err


def test_a_killed_night_leaves_the_run_before_and_the_next_one_is_whole(lake: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in lake.rglob("*") if path.is_file() and ".staging" not in path.parts}
    more = tmp_path / "more.csv"
    more.write_text(GOOD + "".join(f"{i},c{i},customer,2024-01-03T10:00:00Z,text {i}\n" for i in range(4, 60)))
    command = [sys.executable, "-m", "tests.pipeline.killed_night", str(more), str(lake)]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert killed.returncode == -9, killed.stderr
    assert list((lake / ".staging").rglob("*.arrow"))  # it was in the middle
    after = {path: path.read_bytes() for path in lake.rglob("*") if path.is_file() and ".staging" not in path.parts}
    assert after == before
    assert check_lake(Lake(str(lake)))[1] == []
    job = Job(source="generic", inputs={"messages": {"": (str(more),)}}, output=str(lake), run_date=date(2024, 6, 30))
    summary = run_night(job, classifier=FakeClassifier())  # type: ignore[arg-type]
    assert summary.rows["messages"] == 59
    assert check_lake(Lake(str(lake))) == (summary.run_id, [])
    assert not (lake / ".staging").exists()
    assert {path: path.read_bytes() for path in before if "runs" in path.parts} == {
        path: content for path, content in before.items() if "runs" in path.parts
    }

"""The docs are executed: their commands run and print what the pages show, their names exist, their links resolve."""

import re
import shutil
from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path

import apache_beam as beam
import click
import pyarrow as pa
import pytest
import typer
from apache_beam.pipeline import AppliedPTransform, PipelineVisitor
from apache_beam.pvalue import PCollection

from models.classifier import MessageClassifier
from pipeline.cli import app
from pipeline.config import INPUTS, Job, JobFile
from pipeline.graph import Night, build_tables
from pipeline.pseudonym_key import FILE_VARIABLE, KEY_VARIABLE
from pipeline.workers import make_pipeline
from schemas.errors import StaunenError
from schemas.labels import SIGNALS, STATES, STEPS
from schemas.policy import Policy
from schemas.sources.load import list_sources
from schemas.tables import TABLES
from tests.console_blocks import ROOT, Block, Clone, fits, read_blocks
from tests.models.test_hub_classifier import save_tiny

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
RUN = ["README.md", "docs/tutorial.md", *(name for name in NAMES if name.startswith("docs/how-to/"))]
# A test that runs the tests would never end.
NOT_HERE = ("make test", "make check", "make bench")
CUSTOMERS = 60
# What the pages assume that a reader has: two models, and a small export of Zendesk.
MODELS = {"our-model": ["negative", "neutral", "positive"], "topic-model": ["billing", "delivery"]}
ZENDESK = {
    "comments.csv": ["id,ticket_id,user_id,body,created,public", "1,7,5,Where is it?,2026-06-01,true"],
    "tickets.csv": [
        "id,requester_id,via_channel,status,updated_at,merged_ticket_ids",
        "7,5,email,open,2026-06-01,",
    ],
    "users.csv": ["id,role,updated_at", "5,end-user,2026-06-01"],
}


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


# --- commands -----------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def no_key_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    monkeypatch.delenv(FILE_VARIABLE, raising=False)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """What `make run` leaves behind and prints, made once for all pages that begin with it."""
    clone = Clone(tmp_path_factory.mktemp("company"))
    clone.prepare()
    code, printed = clone.run(f"make run DEMO={CUSTOMERS}")
    assert code == 0, printed
    return clone.folder, printed


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A fresh clone, with what the pages assume that a reader has."""
    clone = Clone(tmp_path)
    clone.prepare()
    for name, labels in {
        "our-model": ["negative", "neutral", "positive"],
        "topic-model": ["billing", "delivery"],
    }.items():
        (tmp_path / name).mkdir()
        save_tiny(tmp_path / name, labels)
    for name, rows in ZENDESK.items():
        (tmp_path / name).write_text("\n".join(rows))
    return clone


@pytest.mark.parametrize("name", RUN)
def test_commands_print_what_the_page_shows(name: str, clone: Clone, request: pytest.FixtureRequest) -> None:
    for block in read_blocks(text_of(name)):
        if block.file:
            (clone.folder / block.file).write_text(block.text, encoding="utf-8")
        elif block.info[0] == "console":
            run_block(block, clone, name, request)


def run_block(block: Block, clone: Clone, name: str, request: pytest.FixtureRequest) -> None:
    commands = [(command, shown) for command, shown in block.commands() if command not in NOT_HERE]
    for number, (command, shown) in enumerate(commands, start=1):
        if command.startswith("make run"):
            folder, printed = request.getfixturevalue("company")
            for made in ("exports", "lake"):
                shutil.copytree(folder / made, clone.folder / made, symlinks=True)
            code = 0
        else:
            code, printed = clone.run(command)
        place = f"{name}, line {block.line}: {command}"
        assert code == (block.exit_code if number == len(commands) else 0), f"{place}\n{printed}"
        if shown.strip():
            assert fits(shown, printed, shape="shape" in block.info), f"{place} printed\n{printed}\nand not\n{shown}"


def test_every_page_with_commands_is_run() -> None:
    assert [name for name in NAMES if "```console" in text_of(name) and name not in RUN] == []


@pytest.mark.parametrize("name", NAMES)
def test_shell_commands_stand_in_blocks_that_are_run(name: str) -> None:
    assert [block.line for block in read_blocks(text_of(name)) if block.info[0] in ("sh", "bash", "shell")] == []


@pytest.mark.parametrize(
    ("shown", "found", "shape", "same"),
    [
        ("a\nb", "a  \n\nb\n", False, True),
        ("a\n...\nd", "a\nb\nc\nd\n", False, True),
        ("a\n...\nd", "a\nd\n", False, True),
        ("run 2026-...: done", "run 2026-06-30-1f: done\n", False, True),
        ("kept 12", "kept 13\n", False, False),
        ("kept 12", "kept 13\n", True, True),
        ("kept 12   0.5", "kept 9 -\n", True, True),
        ("kept 12", "left 12\n", True, False),
        ("a", "a\nb\n", False, False),
        ("a.c", "abc\n", False, False),
    ],
)
def test_fits(shown: str, found: str, shape: bool, same: bool) -> None:
    assert fits(shown, found, shape=shape) == same


# --- the command line ----------------------------------------------------------------------------------------------


def cli() -> click.Group:
    group = typer.main.get_command(app)
    assert hasattr(group, "commands")
    return group  # type: ignore[return-value]


def options(command: click.Command) -> set[str]:
    return {
        word for option in command.params for word in (*option.opts, *option.secondary_opts) if word.startswith("-")
    }


def test_every_command_and_option_is_told_and_none_else() -> None:
    page = text_of("docs/commands.md")
    start, *sections = re.split(r"^## `staunen ", page, flags=re.MULTILINE)
    told = {re.split(r"[` ]", section, maxsplit=1)[0]: section for section in sections}
    assert set(told) == set(cli().commands)
    assert options(cli()) <= set(re.findall(r"`(-[\w-]+)`", start))
    for name, command in cli().commands.items():
        named = set(re.findall(r"`(--[\w-]+)`", told[name]))
        assert named == options(command) - {"--json"}, name


@pytest.mark.parametrize("name", NAMES)
def test_commands_in_the_text_have_the_options_that_they_name(name: str) -> None:
    for command, rest in re.findall(r"\bstaunen ([a-z]+)\b([^`\n]*)", text_of(name)):
        if rest.lstrip().startswith(("-", "OUTPUT", "lake")) or f"`staunen {command}" in text_of(name):
            assert command in cli().commands, command
            named = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", rest.split(" -- ")[0]))
            assert named <= options(cli().commands[command]) | {"--help"}, rest


def test_the_keys_of_the_config_are_told() -> None:
    page = text_of("docs/commands.md")
    options_told = set(re.findall(r"`--([\w-]+)`", page))
    assert {name.replace("_", "-") for name in JobFile.model_fields} - {"policy"} <= options_told
    assert {field for field in Policy.__dataclass_fields__ if f"| `{field}` |" not in page} == set()


def test_exit_codes_are_told() -> None:
    codes = {StaunenError.exit_code, *(kind.exit_code for kind in subclasses(StaunenError))}
    told = re.findall(r"^\| (\d) \|", text_of("docs/commands.md"), flags=re.MULTILINE)
    assert {int(code) for code in told} == codes | {0}


def subclasses(kind: type[StaunenError]) -> Iterator[type[StaunenError]]:
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


# --- names ---------------------------------------------------------------------------------------------------------


@cache
def columns_of(table: str) -> frozenset[str]:
    return frozenset(TABLES[table].schema.names)


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_described_and_on_the_first_page(table: str) -> None:
    assert f"\n## {table}\n" in text_of("docs/tables.md")
    assert f"`{table}`" in text_of("README.md")


@pytest.mark.parametrize("name", NAMES)
def test_columns_that_are_named_with_their_table_exist(name: str) -> None:
    pattern = rf"`({'|'.join(TABLES)})\.(?!md\b|py\b|csv\b|sql\b)(\w+)`"
    assert [
        f"{table}.{column}" for table, column in re.findall(pattern, text_of(name)) if column not in columns_of(table)
    ] == []


def test_names_in_the_glossary_exist() -> None:
    known = {*TABLES, *(name for table in TABLES for name in columns_of(table)), *STEPS, *SIGNALS, *STATES}
    page = text_of("docs/glossary.md")
    named = set(re.findall(r"\b[a-z]+(?:_[a-z0-9]+)+\b", page)) | set(re.findall(r"`(\w+)`", page))
    assert named - known == set()


@pytest.mark.parametrize(("word", "names"), [("step", STEPS), ("signal", SIGNALS)])
def test_lists_in_the_glossary_are_whole(word: str, names: tuple[str, ...]) -> None:
    meaning = dict(re.findall(r"^\| ([^|]+) \| (.*) \|$", text_of("docs/glossary.md"), flags=re.MULTILINE))[word]
    assert [name for name in names if not re.search(rf"\b{name}\b", meaning)] == []


def test_every_preset_is_told() -> None:
    page = text_of("docs/sources.md")
    assert [preset.name for preset in list_sources() if f"| `{preset.name}` |" not in page] == []


# --- links and paths -----------------------------------------------------------------------------------------------


def prose_of(name: str) -> str:
    return re.sub(r"^```.*?^```$", "", text_of(name), flags=re.MULTILINE | re.DOTALL)


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", NAMES)
def test_links_resolve(name: str) -> None:
    for target in re.findall(r"\]\((?!https?://|mailto:)([^)\s]+)\)", prose_of(name)):
        path, _, anchor = target.partition("#")
        page = (ROOT / name).parent / path if path else ROOT / name
        assert page.exists(), target
        assert not anchor or anchor in anchors_of(page), target


FOLDERS = "schemas|models|transforms|pipeline|demo|training|benchmarks|tests|docs"


@pytest.mark.parametrize("name", NAMES)
def test_files_that_are_named_exist(name: str) -> None:
    named = re.findall(rf"`((?:{FOLDERS})/[\w./*-]*)`", prose_of(name))
    assert [path for path in named if not list(ROOT.glob(path.rstrip("/")))] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_path_outside_the_clone_is_named(name: str) -> None:
    assert re.findall(r"(?<![\w.:/)}*>])(?:/[\w.-]+){2,}/?|~/\S*|file://\S*", text_of(name)) == []


# --- the picture of the graph --------------------------------------------------------------------------------------


class Reach(PipelineVisitor):
    """For each step of the graph, by its first label: the steps that it reads from."""

    def __init__(self) -> None:
        self.before: dict[str, set[str]] = {}

    def visit_transform(self, transform_node: AppliedPTransform) -> None:
        step = transform_node.full_label.split("/")[0]
        inputs = [*transform_node.inputs, *(side.pvalue for side in transform_node.side_inputs)]
        sources = {value.producer.full_label.split("/")[0] for value in inputs if value.producer}
        self.before.setdefault(step, set()).update(sources - {step, ""})

    def all_before(self, step: str) -> set[str]:
        found: set[str] = set()
        ahead = [step]
        while ahead:
            ahead += (fresh := self.before[ahead.pop()] - found)
            found |= fresh
        return found


@pytest.fixture(scope="module")
def reach(tmp_path_factory: pytest.TempPathFactory) -> Reach:
    source = next(preset for preset in list_sources() if preset.name == "generic")
    folder = str(tmp_path_factory.mktemp("graph"))
    job = Job("generic", {"messages": {"": ("messages.csv",)}}, folder, date(2026, 6, 30))
    pipeline = make_pipeline([])
    readers = {name: Nothing() for name in INPUTS}
    build_tables(pipeline, Night(job, source, readers, MessageClassifier(), b"a key of 16 bytes", folder))  # type: ignore[arg-type]
    visitor = Reach()
    pipeline.visit(visitor)
    return visitor


class Nothing(beam.PTransform):
    """An export without rows."""

    def expand(self, begin: beam.Pipeline) -> PCollection[pa.RecordBatch]:
        return begin | beam.Create([], reshuffle=False).with_output_types(pa.RecordBatch)


def test_every_arrow_of_the_picture_is_in_the_graph(reach: Reach) -> None:
    [picture] = [block.text for block in read_blocks(text_of("docs/architecture.md")) if block.info == ("mermaid",)]
    labels = dict(re.findall(r"(\w+)\[\(?([^\])]+)\)?\]", picture))
    chains = [re.findall(r"(?:^|--> *)(\w+)", line.strip()) for line in picture.splitlines() if "-->" in line]
    arrows = {(labels[a], labels[b]) for chain in chains for a, b in pairwise(chain)}
    assert len(arrows) > 30
    assert sorted(arrow for arrow in arrows if arrow[0] not in reach.all_before(arrow[1])) == []
    drawn = {label.removeprefix("Write ") for label in labels.values() if label.startswith("Write ")}
    assert drawn == set(TABLES)
    assert {label for label in reach.before if label.startswith("Read ")} <= set(labels.values())

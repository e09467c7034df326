"""Write sample exports with a known true effect of recovery on loyalty. docs/demo.md describes them."""

import json
import shutil
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demo.add_faults import spoil_events, spoil_messages
from demo.describe_truth import TRUTH_COLUMNS, describe_truth
from demo.draw_cases import draw_cases
from demo.draw_customers import HISTORY_DAYS, Customers, draw_customers
from demo.draw_events import EVENT_COLUMNS, draw_events
from demo.draw_surveys import SURVEY_COLUMNS, draw_surveys
from demo.encode_rows import ExportFile
from demo.follow_outcomes import follow_customers
from demo.load_scripts import Scripts, load_scripts
from demo.mechanism import SEGMENTS, Mechanism
from demo.name_ids import MOST_CUSTOMERS, format_times, name_customers, name_handles, name_rows
from demo.play_scripts import MESSAGE_COLUMNS, play_scripts
from demo.scene import Scene
from demo.tell_truth import DemoTruth, Tally
from demo.types import Ints
from demo.write_config import CONFIG_FILE, write_config
from schemas.errors import UsageError

UNTIL = date(2026, 7, 1)
TRUTH_FILE = "truth.json"
CHUNK = 10_000  # customers at a time; part of what the bytes depend on, so not a setting
# What a help desk knows and a social media tool does not.
_DESK_ONLY = ("lang", "priority", "agent_minutes")
_PUBLIC_COLUMNS = tuple(name for name in MESSAGE_COLUMNS if name not in _DESK_ONLY)
_FILES = {
    "events.csv": EVENT_COLUMNS,
    "surveys.csv": SURVEY_COLUMNS,
    "customers.csv": ("customer_id", "since", "segment", "value"),
    "identities.csv": ("channel_customer_id", "customer_id"),
    "truth_cases.csv": TRUTH_COLUMNS,
}


def write_demo(
    output: Path,
    *,
    customers: int = 400,
    seed: int = 7,
    until: date = UNTIL,
    mechanism: Mechanism | None = None,
) -> DemoTruth:
    """Write the sample exports and the truth about them.

    The same arguments give the same bytes. Customers are drawn and written 10,000 at a time, so any
    number fits into memory. The folder appears, or is replaced, only when all of it is written.

    Args:
        output: The folder; it must be new, empty or an earlier demo, which is replaced.
        customers: Number of customers.
        seed: Seed of the generator, 0 or more.
        until: First day after the exports, which cover the two years before it.
        mechanism: How strong confounding and recovery are; by default as documented.

    Returns:
        The truth, as in `truth.json`.

    Raises:
        UsageError: A number is out of range, or the folder holds something else.
    """
    if not 1 <= customers <= MOST_CUSTOMERS:
        raise UsageError(f"customers is {customers}; it must be from 1 to {MOST_CUSTOMERS:,}")
    if seed < 0:
        raise UsageError(f"seed is {seed}; it must be 0 or more")
    output = output.resolve()
    _check_folder(output)
    partial = output.with_name(f".{output.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    truth = _write_files(partial, customers, seed, until, mechanism or Mechanism())
    text = json.dumps(truth.to_json(), indent=2, ensure_ascii=False) + "\n"
    (partial / TRUTH_FILE).write_text(text, encoding="utf-8")
    write_config(partial, until)
    if output.exists():
        shutil.rmtree(output)
    partial.rename(output)
    return truth


def _check_folder(output: Path) -> None:
    """Refuse to replace what is not an earlier demo, or holds more than one."""
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output} is a file; name a folder for the demo")
    others = {path.name for path in output.iterdir()} - _earlier_files(output) if output.is_dir() else ()
    if others:
        raise UsageError(
            f"{output} holds {min(others)!r}, which is no part of an earlier demo; "
            "name another folder or empty this one"
        )


def _earlier_files(output: Path) -> set[str]:
    """Names of the files that an earlier demo wrote."""
    try:
        truth = json.loads((output / TRUTH_FILE).read_text(encoding="utf-8"))
        return {TRUTH_FILE, CONFIG_FILE, *truth["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _write_files(folder: Path, count: int, seed: int, until: date, mechanism: Mechanism) -> DemoTruth:
    """Write all files but the truth's own."""
    end = datetime(until.year, until.month, until.day, tzinfo=UTC).timestamp()
    with ExitStack() as stack:
        files = {name: stack.enter_context(ExportFile(folder / name, columns)) for name, columns in _FILES.items()}
        writer = _Writer(folder, end, mechanism, load_scripts(), files)
        for chunk, start in enumerate(range(0, count, CHUNK)):
            numbers = np.arange(start, min(start + CHUNK, count))
            writer.write_chunk(chunk, numbers, np.random.default_rng([seed, chunk]))
    since = until - timedelta(days=HISTORY_DAYS)
    return writer.tally.tell(
        seed=seed,
        customers=count,
        since=since.isoformat(),
        until=until.isoformat(),
        mechanism=asdict(mechanism),
    )


@dataclass(frozen=True)
class _Writer:
    """Writes a demo chunk by chunk and counts what it writes."""

    folder: Path
    until: float
    mechanism: Mechanism
    scripts: Scripts
    files: dict[str, ExportFile]
    tally: Tally = field(default_factory=Tally)

    def write_chunk(self, chunk: int, numbers: Ints, rng: np.random.Generator) -> None:
        """Draw some customers and write all that is exported of them."""
        customers = draw_customers(numbers, self.until, self.mechanism, rng)
        followed = follow_customers(customers, self.mechanism)
        cases = draw_cases(customers, followed, self.scripts, self.until, rng)
        case_id = name_rows("T-", chunk, len(cases.script))
        scene = Scene(cases, customers, self.scripts, case_id, self.until)
        self._write_messages(chunk, play_scripts(scene, rng), rng)
        events = draw_events(customers, followed, self.until, chunk, rng)
        dirty = spoil_events(events, rng)
        self.files["events.csv"].write_dirty(dirty)
        self.tally.add_dirty("events.csv", dirty)
        self.tally.add_rows("event", events["kind"])
        surveys = draw_surveys(scene, followed, rng)
        self._write_table("surveys.csv", surveys)
        self.tally.add_rows("survey", surveys["kind"])
        self._write_table("customers.csv", _list_customers(customers))
        self._write_table("identities.csv", _list_identities(scene))
        truth = describe_truth(scene, self.mechanism)
        self._write_table("truth_cases.csv", truth)
        self.tally.add_cases(scene, followed, truth)

    def _write_table(self, name: str, rows: pa.RecordBatch) -> None:
        self.files[name].write(rows)
        self.tally.add_file(name, rows.num_rows)

    def _write_messages(self, chunk: int, messages: pa.RecordBatch, rng: np.random.Generator) -> None:
        """Write a help desk's export (CSV) and a social media tool's (JSON lines), each with faults."""
        self.tally.add_rows("message", messages["role"])
        self.tally.add_states(messages["state"])
        for name, columns, is_public in (
            (f"messages-desk-{chunk + 1:04}.csv", MESSAGE_COLUMNS, False),
            (f"messages-social-{chunk + 1:04}.jsonl.gz", _PUBLIC_COLUMNS, True),
        ):
            chosen = messages.filter(pc.equal(messages["is_public"], is_public))
            dirty = spoil_messages(chosen.select(list(columns)), rng)
            with ExportFile(self.folder / name, columns) as file:
                file.write_dirty(dirty)
            self.tally.add_dirty(name, dirty)


def _list_customers(customers: Customers) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(
        {
            "customer_id": name_customers(customers.number),
            "since": format_times(customers.since),
            "segment": pa.array(np.array(SEGMENTS, dtype=object)[customers.segment], pa.string()),
            "value": customers.value,
        }
    )


def _list_identities(scene: Scene) -> pa.RecordBatch:
    """The handles of all customers who wrote in public."""
    is_public = scene.scripts.is_public[scene.cases.script]
    number = scene.customers.number[np.unique(scene.cases.customer[is_public])]
    return pa.RecordBatch.from_pydict(
        {"channel_customer_id": name_handles(number), "customer_id": name_customers(number)}
    )

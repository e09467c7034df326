"""What the commands print: tables for people, JSON for machines."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from demo.tell_truth import DemoTruth
from pipeline.check import Finding
from pipeline.label import LabelSummary
from pipeline.run import RunSummary
from schemas.sources.load import columns_needed
from schemas.sources.rules import Source

# A pipe has no width of its own; 80 columns would cut tables to pieces.
_OUT = Console(width=None if sys.stdout.isatty() else 500)
_ERR = Console(stderr=True)

Tell = Callable[[str, int, int], None]


@contextmanager
def progress(*, quiet: bool) -> Iterator[Tell]:
    """Show what is being done on standard error; on a terminal only, so that logs stay clean.

    Yields:
        A function to tell what is done now, how much of it, and of how much (0: not known).
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=_ERR, transient=True, disable=quiet or not _ERR.is_terminal) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total or None)


def error(message: str) -> None:
    """Print an error on standard error."""
    _ERR.print(f"[bold red]error:[/] {_plain(message)}", soft_wrap=True, highlight=False)


def run_summary(summary: RunSummary, *, as_json: bool) -> None:
    """Print what a night read, rejected and published."""
    if as_json:
        _print_json(asdict(summary))
        return
    table = Table(
        "input",
        "read",
        "kept",
        "rejected",
        "ignored",
        title=f"run {summary.run_id}",
        title_justify="left",
        box=box.SIMPLE,
    )
    for item in summary.inputs:
        table.add_row(item.input, f"{item.read:,}", f"{item.kept:,}", f"{item.rejected:,}", f"{item.ignored:,}")
    for column in table.columns[1:]:
        column.justify = "right"
    _OUT.print(table)
    for reason, number in summary.rejected_by_reason.items():
        _OUT.print(f"  rejected: {reason} {number:,}", highlight=False)
    tables = ", ".join(f"{name} {count:,}" for name, count in summary.rows.items())
    _OUT.print(f"rows: {tables}", highlight=False, soft_wrap=True)
    _OUT.print(f"model {summary.model}, {summary.seconds:.0f} s", highlight=False)
    _OUT.print(f"published in {summary.folder}", highlight=False, soft_wrap=True)


def label_summary(summary: LabelSummary, *, as_json: bool) -> None:
    """Print how many messages were labelled."""
    if as_json:
        _print_json(asdict(summary))
        return
    _OUT.print(
        f"{summary.labelled:,} of {summary.messages:,} messages labelled, {summary.needs_review:,} to be "
        f"reviewed; model {summary.model_revision}",
        highlight=False,
    )


def demo_summary(truth: DemoTruth, folder: Path, *, as_json: bool) -> None:
    """Print what the sample exports hold."""
    if as_json:
        _print_json(asdict(truth))
        return
    _OUT.print(f"sample exports in {folder}: run them with `staunen run --config {folder}/nightly.yaml --output lake`")


def rows(columns: Sequence[str], values: Sequence[Sequence[Any]], *, as_json: bool) -> None:
    """Print the rows of a query."""
    if as_json:
        _print_json([dict(zip(columns, row, strict=True)) for row in values])
        return
    table = Table(*columns, box=box.SIMPLE)
    for row in values:
        table.add_row(*(_cell(value) for value in row))
    for column, value in zip(table.columns, values[0] if values else (), strict=False):
        column.justify = "right" if isinstance(value, int | float) and not isinstance(value, bool) else "left"
    _OUT.print(table)
    _OUT.print(f"{len(values):,} rows", highlight=False)


def findings(run_id: str, found: Sequence[Finding], *, as_json: bool) -> None:
    """Print what is wrong with a lake."""
    if as_json:
        _print_json({"run_id": run_id, "ok": not found, "findings": [asdict(item) for item in found]})
        return
    if not found:
        _OUT.print(f"run {run_id}: all files and tables are as the manifest and the contracts say", highlight=False)
    for item in found:
        _OUT.print(f"{item.where}: {item.rule}", highlight=False, markup=False, soft_wrap=True)


def sources(presets: Sequence[Source], *, as_json: bool) -> None:
    """Print the presets and what columns each needs."""
    needs = {preset.name: {found.name: columns_needed(found) for found in preset.inputs} for preset in presets}
    if as_json:
        described = {preset.name: preset.description for preset in presets}
        _print_json([{"name": name, "description": described[name], "inputs": needs[name]} for name in needs])
        return
    for preset in presets:
        _OUT.print(f"[bold]{preset.name}[/]  {_plain(preset.description)}", highlight=False, soft_wrap=True)
        for name, tables in needs[preset.name].items():
            for table, columns in tables.items():
                label = name if table == name else f"{name} {table}="
                _OUT.print(f"  --{label}: {', '.join(columns)}", highlight=False, markup=False, soft_wrap=True)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, default=str))

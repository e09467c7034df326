"""The command line: `staunen`, or `python -m pipeline`."""

import json
import sys
import traceback
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from demo.write_demo import write_demo
from pipeline import show
from pipeline.check import check_lake
from pipeline.config import DEFAULT_MODEL, make_job
from pipeline.label import label_file
from pipeline.lake import Lake
from pipeline.logs import set_up_logs
from pipeline.query import query_lake
from pipeline.run import run_night
from schemas.errors import LakeError, StaunenError
from schemas.sources.load import list_sources

app = typer.Typer(
    name="staunen",
    help="Turns complaint exports into Parquet tables that show what recovery does to loyalty.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")]
Globs = Annotated[list[str] | None, typer.Option(metavar="[TABLE=]GLOB")]


@app.callback(invoke_without_command=True)
def start(
    log_format: Annotated[str, typer.Option(help="How log lines look: text or json.")] = "text",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what Beam logs, too.")] = False,
    show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Set up what all commands share."""
    if show_version:
        typer.echo(version("staunen"))
        raise typer.Exit
    set_up_logs(log_format, verbose=verbose)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": False})
def run(
    context: typer.Context,
    config: Annotated[str | None, typer.Option(help="YAML file that holds these options, and the policy.")] = None,
    source: Annotated[str | None, typer.Option(help="Preset (see `staunen sources`) or YAML file.")] = None,
    messages: Globs = None,
    changes: Globs = None,
    events: Globs = None,
    surveys: Globs = None,
    customers: Globs = None,
    identities: Globs = None,
    output: Annotated[str | None, typer.Option(help="The lake.")] = None,
    run_date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The night.")] = None,
    model: Annotated[str | None, typer.Option(help="Directory or hub id of the classifier.")] = None,
    max_rejected: Annotated[float | None, typer.Option(help="Largest share of rejected rows. [default: 0.05]")] = None,
    store_text: Annotated[bool | None, typer.Option(help="Keep the redacted text in `messages`.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads of the model. [default: all cores]")] = None,
    memory_gb: Annotated[float | None, typer.Option(help="Memory for sorting a table. [default: 2]")] = None,
    as_json: Json = False,
) -> None:
    """Read exports, label, build and publish the tables. Options after `--` go to Beam."""
    given: dict[str, Any] = {
        "source": source, "messages": messages, "changes": changes, "events": events, "surveys": surveys,
        "customers": customers, "identities": identities, "output": output, "model": model,
        "run_date": run_date.date() if run_date else None, "max_rejected": max_rejected,
        "store_text": store_text, "threads": threads, "memory_gb": memory_gb, "beam_options": context.args,
    }  # fmt: skip
    job = make_job(given, config)
    with show.progress(quiet=as_json) as tell:
        summary = run_night(job, tell)
    show.run_summary(summary, as_json=as_json)


@app.command()
def label(
    input: Annotated[str, typer.Option(help="CSV, JSONL or Parquet with the columns text and role (id, lang).")],
    output: Annotated[Path, typer.Option(help="JSONL, CSV or Parquet, by its extension.")],
    model: Annotated[str, typer.Option(help="Directory or hub id of the classifier.")] = DEFAULT_MODEL,
    threads: Annotated[int | None, typer.Option(help="Threads of the model. [default: all cores]")] = None,
    as_json: Json = False,
) -> None:
    """Label messages of one file; no lake."""
    show.label_summary(label_file(input, output, model=model, threads=threads), as_json=as_json)


@app.command()
def demo(
    output: Annotated[Path, typer.Option(help="Folder for the sample exports.")],
    customers: Annotated[int, typer.Option(min=20, help="How many customers.")] = 400,
    seed: Annotated[int, typer.Option(help="Another seed gives another company.")] = 7,
    as_json: Json = False,
) -> None:
    """Write sample exports with a known true effect, and a config to run them."""
    truth = write_demo(output, customers=customers, seed=seed)
    show.demo_summary(truth, output, as_json=as_json)


@app.command()
def sql(
    output: Annotated[str, typer.Argument(help="The lake.")],
    query: Annotated[str, typer.Argument(help='For example "select * from recovery_loyalty".')],
    as_json: Json = False,
) -> None:
    """Query the published run with DuckDB, read-only."""
    columns, rows = query_lake(Lake(output), query)
    show.rows(columns, rows, as_json=as_json)


@app.command()
def check(output: Annotated[str, typer.Argument(help="The lake.")], as_json: Json = False) -> None:
    """Check a lake against its manifest and contracts."""
    run_id, findings = check_lake(Lake(output))
    show.findings(run_id, findings, as_json=as_json)
    if findings:
        raise typer.Exit(LakeError.exit_code)


@app.command()
def sources(as_json: Json = False) -> None:
    """List the presets and what columns each needs."""
    show.sources(list_sources(), as_json=as_json)


def main(args: list[str] | None = None) -> None:
    """Run the command line; errors of ours end in their message and exit code."""
    arguments = sys.argv[1:] if args is None else args
    try:
        app(args=arguments)
    except StaunenError as error:
        if "--json" in arguments:
            print(json.dumps({"error": type(error).__name__, "message": str(error)}))
        show.error(str(error))
        sys.exit(error.exit_code)
    except Exception as error:  # the last door: whoever is called at night needs a line and not a stack
        if {"--verbose", "-v"} & set(arguments):
            traceback.print_exc()
        # What a library says of a value it refuses may hold a customer's text; of a file it only names the path.
        told = f"{type(error).__name__}: {error}" if isinstance(error, OSError) else type(error).__name__
        message = f"{told}; unexpected. For the whole of it run `staunen --verbose ...` again, where nobody else reads"
        if "--json" in arguments:
            print(json.dumps({"error": type(error).__name__, "message": message}))
        show.error(message)
        sys.exit(StaunenError.exit_code)


if __name__ == "__main__":
    main()

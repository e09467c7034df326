"""Run the night on real exports and hold its counts against a count of the raw files that shares none of its code.

    python -m benchmarks.verify_real_exports --twcs F --cfpb F --cfpb F --zendesk DIR

Files are counted with Python's csv module and pandas. What is counted: rows, rows that no CSV reader can make
sense of, roles, texts, disputes and threads (by a union-find over the reply links). Writes
results/real_exports.json; exit code 1 where a count differs or `staunen check` finds something.
"""

import argparse
import collections
import csv
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd  # type: ignore[import-untyped]

from pipeline.check import check_lake
from pipeline.config import DEFAULT_MODEL, Job
from pipeline.lake import Lake
from pipeline.query import query_lake
from pipeline.run import run_night

RESULTS = Path(__file__).parent / "results" / "real_exports.json"
ZENDESK = {
    "comment": "ticket_comment_data.csv",
    "ticket": "ticket_data.csv",
    "user": "user_data.csv",
    "audit_log": "audit_log_data.csv",
    "ticket_field_history": "ticket_field_history_data.csv",
}
Counts = dict[str, int]


@dataclass(frozen=True)
class Export:
    """One export: how it is run, and what was counted in its raw files."""

    source: str
    name: str
    run_date: date
    tables: dict[str, Path]
    expected: Counts = field(default_factory=dict)


# What the lake says about itself; the names are those of the independent counts.
_FOUND = {
    "read": "select coalesce(sum(value), 0) from quality where scope = 'file' and counter = 'read'",
    "rejected": "select count(*) from rejects",
    "messages": "select count(*) from messages",
    "customer": "select count(*) from messages where role = 'customer'",
    "agent": "select count(*) from messages where role = 'agent'",
    "texts": "select count(text) from messages",
    "cases": "select count(*) from cases",
    "disputed": "select count(*) from cases where disputed",
    "not_disputed": "select count(*) from cases where not disputed",
    "upheld": "select count(*) from cases where validity = 'upheld'",
    "timely": "select count(*) from cases where timely",
}


def read_csv_rows(path: Path) -> tuple[list[dict[str, str]], int]:
    """Rows with as many cells as the header, and how many others there are; blank lines are none."""
    csv.field_size_limit(1 << 30)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if row]
    start = next(place for place, row in enumerate(rows) if len(row) == max(map(len, rows)))
    header, body = rows[start], rows[start + 1 :]
    whole = [dict(zip(header, row, strict=True)) for row in body if len(row) == len(header)]
    return whole, len(body) - len(whole)


def count_twcs(path: Path) -> Export:
    rows, broken = read_csv_rows(path)
    roles = collections.Counter(row["inbound"] for row in rows)
    last = max(datetime.strptime(row["created_at"], "%a %b %d %H:%M:%S %z %Y") for row in rows)
    expected = {
        "read": len(rows) + broken,
        "rejected": broken,
        "messages": len(rows),
        "customer": roles["True"],
        "agent": roles["False"],
        "texts": len(rows),
        "cases": count_threads(rows),
    }
    return Export("twcs", path.name, last.date(), {"": path}, expected)


def count_threads(rows: list[dict[str, str]]) -> int:
    """Connected components of the reply links; a tweet that is not in the file links those that answer it."""
    root: dict[str, str] = {}

    def find(tweet: str) -> str:
        while root.setdefault(tweet, tweet) != tweet:
            tweet = root[tweet]
        return tweet

    for row in rows:
        if answered := row["in_response_to_tweet_id"]:
            root[find(row["tweet_id"])] = find(str(int(float(answered))))
    return len({find(row["tweet_id"]) for row in rows})


def count_cfpb(path: Path) -> Export:
    if path.suffix == ".parquet":
        frame, broken = pd.read_parquet(path).fillna(""), 0
    else:
        rows, broken = read_csv_rows(path)
        frame = pd.DataFrame(rows)
    names = {"Complaint ID": "complaint_id", "Consumer complaint narrative": "complaint_what_happened",
             "Consumer disputed?": "consumer_disputed", "Company response to consumer": "company_response",
             "Timely response?": "timely", "Date received": "date_received"}  # fmt: skip
    frame = frame.rename(columns=names)
    texts = frame.get("complaint_what_happened", pd.Series("", index=frame.index)).str.strip()
    last = pd.to_datetime(frame["date_received"].str.slice(0, 10), format="mixed").max()
    expected = {
        "read": len(frame) + broken,
        "rejected": broken,
        "messages": len(frame),
        "customer": len(frame),
        "agent": 0,
        "texts": int((texts != "").sum()),
        "cases": frame["complaint_id"].nunique() if "complaint_id" in frame else len(frame),
        "disputed": int((frame["consumer_disputed"] == "Yes").sum()),
        "not_disputed": int((frame["consumer_disputed"] == "No").sum()),
        "upheld": int(frame["company_response"].str.contains("with (?:non-)?(?:monetary )?relief", regex=True).sum()),
        "timely": int((frame["timely"] == "Yes").sum()),
    }
    return Export("cfpb", path.name, last.date(), {"": path}, expected)


def count_zendesk(folder: Path) -> Export:
    tables = {name: folder / file for name, file in ZENDESK.items()}
    rows = {name: read_csv_rows(path)[0] for name, path in tables.items()}
    last = max(row["created"][:10] for row in rows["comment"])
    expected = {
        "read": sum(map(len, rows.values())),
        "rejected": 0,
        "messages": len(rows["comment"]),
        "cases": len({row["ticket_id"] for row in rows["comment"]}),
        "texts": len(rows["comment"]),
        # The public seeds are made up table by table: no comment's author or ticket is in another table, and
        # then nobody can say who is a customer and who an agent.
        **{role: 0 for role in ("customer", "agent") if not knows_authors(rows)},
    }
    return Export("zendesk", folder.parent.parent.name, date.fromisoformat(last), tables, expected)


def knows_authors(rows: dict[str, list[dict[str, str]]]) -> bool:
    known = {row["id"] for row in rows["user"]} | {row["requester_id"] for row in rows["ticket"]}
    return any(row["user_id"] in known for row in rows["comment"])


def verify(export: Export, lake: Path, model: str) -> dict[str, Any]:
    """Run one export and compare; gives what the results file says about it."""
    inputs = {"messages": {table: (str(path),) for table, path in export.tables.items()}}
    job = Job(export.source, inputs, str(lake), export.run_date, model=model)
    started = time.monotonic()
    summary = run_night(job)
    seconds = time.monotonic() - started
    findings = check_lake(Lake(str(lake)))[1]
    found = {name: int(query_lake(Lake(str(lake)), _FOUND[name])[1][0][0]) for name in export.expected}
    return {
        "source": export.source,
        "export": export.name,
        "run_date": export.run_date.isoformat(),
        "seconds": round(seconds, 1),
        "model": summary.model.rpartition(" ")[2],
        "counted": export.expected,
        "differs": {name: value for name, value in found.items() if value != export.expected[name]},
        "findings": [f"{finding.where}: {finding.rule}" for finding in findings],
        "rows": summary.rows,
    }


def list_exports(arguments: argparse.Namespace) -> Iterator[Export]:
    yield from map(count_twcs, arguments.twcs)
    yield from map(count_cfpb, arguments.cfpb)
    yield from map(count_zendesk, arguments.zendesk)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("twcs", "cfpb", "zendesk"):
        parser.add_argument(f"--{name}", type=Path, action="append", default=[], help="may be given more than once")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        exports = [
            verify(export, Path(scratch) / str(number), arguments.model)
            for number, export in enumerate(list_exports(arguments))
        ]
    machine = {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count()}
    result = {"machine": machine, "date": datetime.now(UTC).date().isoformat(), "exports": exports}
    arguments.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    for export in exports:
        print(f"{export['export']}: {export['seconds']} s, differs: {export['differs'] or 'nothing'}")
    sys.exit(any(export["differs"] or export["findings"] for export in exports))


if __name__ == "__main__":
    main()

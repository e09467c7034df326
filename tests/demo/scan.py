"""An independent reading of the messages, with the csv and json modules and plain loops."""

import csv
import gzip
import io
import json
from collections import Counter
from datetime import datetime
from pathlib import Path

Row = dict[str, str | None]
ROLES = {"customer", "agent", "internal", "system"}
STATUSES = {"open", "pending", "solved"}


def read_rows(path: Path) -> list[Row | None]:
    """All rows of a file; None for a line that is not a row."""
    if path.suffix == ".gz":
        lines = gzip.decompress(path.read_bytes()).decode().strip("\n").split("\n")
        return [_parse_json(line) for line in lines]
    reader = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
    header = next(reader)
    return [dict(zip(header, cells, strict=True)) if len(cells) == len(header) else None for cells in reader]


def _parse_json(line: str) -> Row | None:
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return None


def judge_row(row: Row | None, seen: set[tuple[str | None, str | None]]) -> str | None:
    """Why a message cannot be used; None where it can. `seen` holds the ids so far."""
    if row is None:
        return "unparsable_line"
    if not row["message_id"]:
        return "missing_id"
    text = row["text"]
    if not text:
        return "missing_text"
    if "\x00" in text:
        return "not_text"
    try:
        datetime.fromisoformat(row["sent_at"] or "")
    except ValueError:
        return "bad_time"
    if row["role"] not in ROLES:
        return "unknown_role"
    if row["status"] and row["status"] not in STATUSES:
        return "unknown_value"
    if row.get("agent_minutes") and not str(row["agent_minutes"]).replace(".", "", 1).isdigit():
        return "bad_number"
    key = (row["conversation_id"], row["message_id"])
    if key in seen:
        return "duplicate_id"
    seen.add(key)
    return None


def scan_file(path: Path) -> tuple[int, Counter[str], list[Row]]:
    """Rows of a file, rejected rows by reason, and the kept ones."""
    rows, seen = read_rows(path), set()
    reasons = [judge_row(row, seen) for row in rows]
    kept = [row for row, reason in zip(rows, reasons, strict=True) if row is not None and reason is None]
    return len(rows), Counter(reason for reason in reasons if reason), kept


def scan_messages(folder: Path) -> list[Row]:
    """All kept messages of a demo."""
    return [row for path in sorted(folder.glob("messages-*")) for row in scan_file(path)[2]]

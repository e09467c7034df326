"""Annotated messages that measure a model and never train it."""

import json
from pathlib import Path

import pyarrow as pa

from models.normalise import normalise_text
from training.labels import SHIPPED
from training.sources import EXAMPLES


def read_measured(path: Path) -> pa.Table:
    """Read a JSONL file of messages (id, lang, source, role, text and labels) as `EXAMPLES`.

    Raises:
        ValueError: A line lacks a key; names the line.
    """
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if not line:
            continue
        message = json.loads(line)
        try:
            text = normalise_text(message["text"])
            row = {key: message[key] for key in ("role", "lang", "source")}
        except KeyError as error:
            raise ValueError(f"{path}, line {number}: the key {error} is missing") from error
        labels = {head.name: message.get(head.name) for head in SHIPPED}
        lists = {name: [value] if isinstance(value, str) else value for name, value in labels.items()}
        rows.append(row | lists | {"text": text, "redacted": text, "styled": text, "is_validation": True})
    return pa.Table.from_pylist(rows, schema=EXAMPLES)

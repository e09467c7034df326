"""Read JSON lines in batches of text columns; nested keys are named with a dot, as `via.channel`.

Each line is decoded alone, so that a broken one costs nobody else, and numbers keep their text: an id of
twenty digits stays what it is.
"""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pyarrow as pa

from schemas.errors import InputError
from schemas.formats.text_stream import (
    NO_TEXT,
    ROW,
    ROWS_PER_BATCH,
    OpenFile,
    TextStream,
    broken_rows,
    hash_rows,
    mark_rows,
    read_lines,
)
from schemas.sources.columns import Wanted
from schemas.sources.rules import Table
from schemas.types import TEXT

# strict=False lets control characters pass; the rows' check reports them by their column.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=lambda _: None, strict=False)

Record = dict[str, str | None]


def read_jsonl(open_file: OpenFile, table: Table, wanted: Wanted, file: str) -> Iterator[pa.RecordBatch]:
    """Batches of the wanted columns as text, with `ROW`, `BROKEN` and `CONTENT`.

    Lines need not have the same keys: of alternatives, all are read, and each line's first counts.

    Raises:
        InputError: The file is empty, not in the declared encoding, or none of its first lines has a required
            column.
    """
    names = list(dict.fromkeys(name for group in wanted.required + wanted.optional for name in group))
    lines = (line for line in read_lines(TextStream(open_file(), table.encoding, file)) if line.strip())
    rows_done = 0
    while chunk := list(islice(lines, ROWS_PER_BATCH)):
        records = [_decode(line) for line in chunk]
        if rows_done == 0:
            _check_keys(records, wanted, file)
        yield from _gather(records, names, wanted, rows_done)
        rows_done += len(records)
    if rows_done == 0:
        raise InputError(f"{file} is empty: not even one line")


def _decode(line: str) -> Record | None:
    """One line's keys and values as text; None where it is no JSON object."""
    try:
        value = _DECODER.decode(line.strip())
    except (ValueError, RecursionError):
        return None
    return dict(_flatten(value, "")) if isinstance(value, dict) else None


def _flatten(value: dict[str, Any], prefix: str) -> Iterator[tuple[str, str | None]]:
    for key, child in value.items():
        name = prefix + key
        if isinstance(child, dict):
            yield from _flatten(child, f"{name}.")
        elif isinstance(child, bool | list):
            yield name, json.dumps(child)
        else:
            # JSON can hold half a surrogate pair (half an emoji), UTF-8 cannot.
            yield (
                name,
                child if child is None else child.replace("\0", NO_TEXT).encode("utf-8", "staunen-mark").decode(),
            )


def _check_keys(records: list[Record | None], wanted: Wanted, file: str) -> None:
    keys = dict.fromkeys(key for record in records if record is not None for key in record)
    if any(record is not None for record in records):
        wanted.choose(list(keys), file)


def _gather(records: list[Record | None], names: list[str], wanted: Wanted, rows_done: int) -> Iterator[pa.RecordBatch]:
    good = [(row, record) for row, record in enumerate(records, start=rows_done + 1) if record is not None]
    bad = [row for row, record in enumerate(records, start=rows_done + 1) if record is None]
    parts = [broken_rows(names, pa.array(bad))] if bad else []
    if good:
        columns = {name: pa.array([record.get(name) for _, record in good], TEXT) for name in names}
        content = _hash([record for _, record in good], wanted)
        parts.append(mark_rows(columns, pa.array([row for row, _ in good]), content))
    yield pa.concat_batches(parts).sort_by(ROW)


def _hash(records: list[Record], wanted: Wanted) -> pa.Array | None:
    """Ids from the content of the lines that have no id key."""
    if not wanted.content_unless:
        return None
    ids = set(wanted.content_unless)
    rows = [None if ids & record.keys() else json.dumps(record, sort_keys=True) for record in records]
    hashes = hash_rows({"line": pa.array(rows, TEXT)})
    return pa.array([row if has else None for row, has in zip(hashes.to_pylist(), rows, strict=True)], TEXT)

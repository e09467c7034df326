"""Rows as bytes of CSV or JSON lines, all values text, with broken lines at given places."""

import gzip
import json
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv

from demo.add_faults import Dirty

_BROKEN_CSV = b'T-100000000-9,"T-100000000"\n'
_BROKEN_JSON = b'{"message_id": "T-100000000-9", "text": "cut of\n'


class ExportFile:
    """One file of the exports: `.csv`, or `.jsonl.gz`; bytes depend on the rows alone.

    Args:
        path: Where to write; the name's end decides the format.
        names: The columns.
    """

    def __init__(self, path: Path, names: tuple[str, ...]) -> None:
        self.path = path
        self._names = names
        self._is_csv = path.suffix == ".csv"
        self._raw: IO[bytes] = path.open("wb")
        self._file: IO[bytes] | gzip.GzipFile = self._raw
        if self._is_csv:
            self._file.write((",".join(names) + "\n").encode())
        else:
            # Neither the time nor the name of the file go into the gzip header: a seed gives the same bytes.
            self._file = gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=self._raw, mtime=0)

    def write(self, rows: pa.RecordBatch) -> None:
        """Append rows."""
        rows = rows.select(list(self._names))
        self._file.write(encode_csv(rows) if self._is_csv else encode_json(rows))

    def write_dirty(self, dirty: Dirty) -> None:
        """Append rows with broken lines between them."""
        start = 0
        for place in dirty.breaks.tolist():
            self.write(dirty.rows.slice(start, place - start))
            self._file.write(_BROKEN_CSV if self._is_csv else _BROKEN_JSON)
            start = place
        self.write(dirty.rows.slice(start))

    def __enter__(self) -> Self:
        """Use the file."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        if self._file is not self._raw:
            self._file.close()
        self._raw.close()


def encode_csv(rows: pa.RecordBatch) -> bytes:
    """Encode text columns as CSV without a header; null is an empty cell."""
    sink = pa.BufferOutputStream()
    pc_csv.write_csv(rows, sink, pc_csv.WriteOptions(include_header=False, quoting_style="needed"))
    return bytes(sink.getvalue())


def encode_json(rows: pa.RecordBatch) -> bytes:
    """Encode text columns as JSON lines; null is `null`."""
    if not rows.num_rows:
        return b""
    pieces: list[pa.Array | str] = []
    for number, (name, column) in enumerate(zip(rows.schema.names, rows.columns, strict=True)):
        pieces += ["{" if number == 0 else ", ", json.dumps(name) + ": ", _quote(column)]
    lines = pc.binary_join_element_wise(*pieces, "}\n", "")
    return "".join(lines.to_pylist()).encode()


def _quote(column: pa.Array) -> pa.Array:
    """JSON of each value; a value that occurs often (a text, a channel) is written once."""
    seen = column.dictionary_encode()
    quoted = pa.array([json.dumps(value, ensure_ascii=False) for value in seen.dictionary.to_pylist()])
    return pc.fill_null(quoted.cast(pa.string()).take(seen.indices), "null")

"""Read CSV in batches of text columns: Arrow's parser, and Python's where Arrow gives up.

Arrow gives up on a row over 4 MiB and cannot tell a last quote that nobody closed. From there on Python's
parser goes on, rejects the line where that row begins, and starts afresh with the next one. Both parsers read
the same dialect (RFC 4180, blank lines passed over), which a test holds with random text.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from schemas.errors import InputError
from schemas.formats.text_stream import (
    MAX_ROW_BYTES,
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

_HEADER_BYTES = 1 << 20
_LINES_BEFORE_HEADER = 50
# Stands after the last row: where it is not read as a row of its own, the last quote was never closed.
_END = f"{NO_TEXT}end of file{NO_TEXT}"


class Layout(NamedTuple):
    """What the header told.

    Attributes:
        header: All columns.
        chosen: Those to read.
        delimiter: What stands between cells.
        hashes_rows: Whether ids come from the rows' content.
    """

    header: list[str]
    chosen: list[str]
    delimiter: str
    hashes_rows: bool

    def hash_cells(self, cells: Sequence[pa.Array]) -> pa.Array | None:
        """The rows' ids from all their cells, where they have none; a name that stands twice is counted."""
        if not self.hashes_rows:
            return None
        names = [f"{name}\x1d{self.header[:at].count(name)}" for at, name in enumerate(self.header)]
        return hash_rows(dict(zip(names, cells, strict=True)))


class _NoEndError(Exception):
    """The last quote was never closed, or a row is too long."""


def read_csv(open_file: OpenFile, table: Table, wanted: Wanted, file: str) -> Iterator[pa.RecordBatch]:
    """Batches of the wanted columns as text, with `ROW`, `BROKEN` and `CONTENT`.

    Raises:
        InputError: The file is empty, not in the declared encoding, or lacks a required column.
    """
    stream, layout = open_csv(open_file, table, wanted, file)
    rows_done = 0
    try:
        for batch in _read_fast(stream, layout):
            yield batch
            rows_done = batch[ROW][-1].as_py()
    except (pa.ArrowInvalid, _NoEndError):
        stream, layout = open_csv(open_file, table, wanted, file)
        yield from _read_slowly(stream, layout, rows_done)


def open_csv(open_file: OpenFile, table: Table, wanted: Wanted, file: str) -> tuple[TextStream, Layout]:
    """Open the file and read its header; the stream then stands at the first row.

    Raises:
        InputError: The file is empty, not in the declared encoding, or lacks a required column.
    """
    stream = TextStream(open_file(), table.encoding, file)
    delimiter = table.delimiter or ("\t" if ".tsv" in file.lower() else ",")
    lines = list(io.StringIO(stream.peek(_HEADER_BYTES).decode(errors="ignore"), newline=""))
    starts = [at for at, line in enumerate(lines) if line.strip()]
    if not starts:
        raise InputError(f"{file} is empty: not even a header")
    first, used = _parse_header(lines[starts[0] :], delimiter)
    header, end = first, starts[0] + used
    for start in starts[:_LINES_BEFORE_HEADER] if table.skip_until_header else ():
        names, used = _parse_header(lines[start:], delimiter)
        if not wanted.missing(names):
            header, end = names, start + used
            break
    _check_header(header, delimiter, table, file)
    chosen = wanted.choose(header, file)
    stream.read(len("".join(lines[:end]).encode()))
    return stream, Layout(header, chosen, delimiter, wanted.hashes_rows(header))


def _parse_header(lines: list[str], delimiter: str) -> tuple[list[str], int]:
    """The header that begins with the first of the lines, and how many lines it takes."""
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        return [name.strip() for name in next(reader)], reader.line_num
    except csv.Error:
        return [], 1


def _check_header(header: list[str], delimiter: str, table: Table, file: str) -> None:
    if any(NO_TEXT in name for name in header):
        raise InputError(f"{file}: the header is no {table.encoding} text: set `encoding`, or `format` if it is no CSV")
    others = [
        other for other in (";", "\t", "|", ",") if len(header) == 1 and other != delimiter and other in header[0]
    ]
    if others:
        raise InputError(f"{file}: the header is one column: set `delimiter` to {others[0]!r}")


def _read_fast(stream: TextStream, layout: Layout) -> Iterator[pa.RecordBatch]:
    """Arrow's parser; raises where it cannot go on, before it yields anything unsound."""
    bad_rows: list[int] = []

    def pass_over(row: arrow_csv.InvalidRow) -> str:
        bad_rows.append(row.number)
        return "skip"

    names = [str(at) for at in range(len(layout.header))]
    stream.append(f"\n{_END}{layout.delimiter * (len(names) - 1)}\n".encode())
    included = list(dict.fromkeys(["0", *(str(layout.header.index(name)) for name in layout.chosen)]))
    reader = arrow_csv.open_csv(
        pa.PythonFile(stream, mode="r"),
        # One thread, because only then rows are numbered.
        read_options=arrow_csv.ReadOptions(column_names=names, block_size=MAX_ROW_BYTES, use_threads=False),
        parse_options=arrow_csv.ParseOptions(
            delimiter=layout.delimiter, newlines_in_values=True, invalid_row_handler=pass_over
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, TEXT),
            check_utf8=False,  # the stream has cleaned it
            include_columns=names if layout.hashes_rows else included,
        ),
    )
    good_done, bad_done, held = 0, 0, None
    for batch in reader:
        if held is not None and len(batch):
            numbered = _number(held, layout, good_done, bad_rows[bad_done:], bad_done)
            yield numbered
            good_done, bad_done = good_done + len(held), bad_done + len(numbered) - len(held)
        held = batch if len(batch) else held
    if held is None or held["0"][-1].as_py() != _END:
        raise _NoEndError
    last = _number(held, layout, good_done, bad_rows[bad_done:], bad_done)
    if len(last) > 1:
        yield last.slice(0, len(last) - 1)


def _number(
    batch: pa.RecordBatch, layout: Layout, good_before: int, bad_rows: list[int], bad_before: int
) -> pa.RecordBatch:
    """Number the rows, and put the bad ones that stand before the last of them in their places."""
    bad = np.asarray(bad_rows, dtype=np.int64)
    good = np.arange(good_before, good_before + len(batch))
    # Before the j-th bad row (of all) stand its number less the bad ones before it.
    passed = np.searchsorted(bad - 1 - bad_before - np.arange(len(bad)), good, side="right")
    rows = good + 1 + bad_before + passed
    columns = {name: batch[str(layout.header.index(name))] for name in layout.chosen}
    marked = mark_rows(columns, pa.array(rows), layout.hash_cells(batch.columns))
    inside = bad[bad < rows[-1]]
    if not len(inside):
        return marked
    both = pa.concat_batches([marked, broken_rows(layout.chosen, pa.array(inside))])
    return both.take(pa.array(np.argsort(np.concatenate([rows, inside]), kind="stable")))


def _read_slowly(stream: TextStream, layout: Layout, rows_done: int) -> Iterator[pa.RecordBatch]:
    """Python's parser, from the row after `rows_done`."""
    good: list[list[str]] = []
    good_rows: list[int] = []
    bad_rows: list[int] = []
    row = 0
    for row, record in enumerate(_Records(stream, layout.delimiter), start=1):
        if row <= rows_done:
            continue
        if record is not None and len(record) == len(layout.header):
            good.append(record)
            good_rows.append(row)
        else:
            bad_rows.append(row)
        if len(good) + len(bad_rows) == ROWS_PER_BATCH:
            yield from _gather(layout, good, good_rows, bad_rows)
            good, good_rows, bad_rows = [], [], []
    yield from _gather(layout, good, good_rows, bad_rows)


def _gather(
    layout: Layout, good: list[list[str]], good_rows: list[int], bad_rows: list[int]
) -> Iterator[pa.RecordBatch]:
    parts = [broken_rows(layout.chosen, pa.array(bad_rows))] if bad_rows else []
    if good:
        cells = [pa.array(column, TEXT) for column in zip(*good, strict=True)]
        columns = {name: cells[layout.header.index(name)] for name in layout.chosen}
        parts.append(mark_rows(columns, pa.array(good_rows), layout.hash_cells(cells)))
    if parts:
        yield pa.concat_batches(parts).sort_by(ROW)


class _Records:
    """Records of a CSV, or None for a line where a record begins that has no end."""

    def __init__(self, stream: TextStream, delimiter: str) -> None:
        self._lines, self._delimiter = read_lines(stream), delimiter
        self._again: list[str] = []  # lines to be read again, last first
        self._taken: list[str] = []
        self._bytes = 0
        self._is_over = False
        # A process-wide limit of Python's; our own is the tighter one.
        csv.field_size_limit(2 * MAX_ROW_BYTES)

    def __iter__(self) -> Iterator[list[str] | None]:
        reader = csv.reader(self._feed(), delimiter=self._delimiter)
        while True:
            self._taken, self._bytes = [], 0
            try:
                record = next(reader)
                is_whole = not self._is_over
            except StopIteration:
                return
            except (csv.Error, _NoEndError):
                record, is_whole = [], False
            if is_whole:
                if record:
                    yield record
            elif record == [_END]:
                return
            else:
                self._again.extend(reversed(self._taken[1:]))
                self._is_over = False
                reader = csv.reader(self._feed(), delimiter=self._delimiter)
                yield None

    def _feed(self) -> Iterator[str]:
        while True:
            line = self._again.pop() if self._again else next(self._lines, _END)
            self._is_over = line == _END
            self._taken.append(line)
            self._bytes += len(line)
            if self._bytes >= MAX_ROW_BYTES:
                raise _NoEndError
            yield line

"""What every reader of files shares: clean text from bytes, and the columns that mark a row's place."""

import codecs
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from schemas.errors import InputError
from schemas.types import COUNT, TEXT

OpenFile = Callable[[], BinaryIO]

# Columns that readers add to the export's own; the colon keeps them apart from real ones.
FILE, ROW, BROKEN, CONTENT = "staunen:file", "staunen:row", "staunen:broken", "staunen:content"

ROWS_PER_BATCH = 16_384
# A row longer than this is no row, but a quote that nobody closed: texts may have 100,000 characters.
MAX_ROW_BYTES = 4 << 20
_BLOCK_BYTES = 1 << 20

# Begins an id that was made of the row's content.
CONTENT_ID = "content-"

# Stands for what is no text: bytes that cannot be decoded, NUL, half a surrogate pair. A code point that
# Unicode keeps out of all text. Not NUL itself: after one, Arrow's CSV parser overlooks delimiters.
NO_TEXT = "\ufdd0"

_PYTHON_NAMES = {"utf-8": "utf-8-sig", "windows-1252": "cp1252", "iso-8859-1": "latin-1", "utf-16": "utf-16"}
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def _mark_broken(error: UnicodeError) -> tuple[str | bytes, int]:
    """Put `NO_TEXT` in place of what cannot be decoded or encoded; its neighbours stay whole."""
    if not isinstance(error, UnicodeDecodeError | UnicodeEncodeError):
        raise error
    return (NO_TEXT if isinstance(error, UnicodeDecodeError) else NO_TEXT.encode()), error.end


codecs.register_error("staunen-mark", _mark_broken)


class TextStream:
    """Bytes of a file in any encoding -> bytes of valid UTF-8, block by block.

    Args:
        raw: The file, already decompressed.
        encoding: Its encoding, as a source declares it.
        file: Its name, for messages.
    """

    def __init__(self, raw: BinaryIO, encoding: str, file: str) -> None:
        self._raw, self._file = raw, file
        self._decoder = codecs.getincrementaldecoder(_PYTHON_NAMES[encoding])("staunen-mark")
        self._ahead = bytearray()
        self._tail = b""
        self._is_done = False
        first = self._read_raw()
        for mark, name in _MARKS:
            if first.startswith(mark) and name != encoding:
                raise InputError(f"{file} begins with the mark of {name}, but is declared {encoding}: set `encoding`")
        self._take(first)

    @property
    def closed(self) -> bool:
        """Never: the stream ends with its reader."""
        return False

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; empty at the end."""
        self.fill(size)
        piece = bytes(self._ahead[:size])
        del self._ahead[:size]
        return piece

    def peek(self, size: int) -> bytes:
        """Up to `size` bytes, which stay to be read."""
        self.fill(size)
        return bytes(self._ahead[:size])

    def fill(self, size: int) -> None:
        """Read ahead until `size` bytes are there, or the file ends."""
        while len(self._ahead) < size and not self._is_done:
            self._take(self._read_raw())

    def append(self, tail: bytes) -> None:
        """Add bytes after the file's end."""
        if self._is_done:
            self._ahead += tail
        self._tail = tail

    def _take(self, block: bytes) -> None:
        self._is_done = not block
        self._ahead += self._decoder.decode(block, final=not block).replace("\0", NO_TEXT).encode()
        if self._is_done:
            self._ahead += self._tail

    def _read_raw(self) -> bytes:
        try:
            return self._raw.read(_BLOCK_BYTES)
        except (OSError, EOFError, ValueError) as error:
            raise InputError(f"{self._file} cannot be read to its end ({error}); export or copy it again") from error


def read_lines(stream: TextStream) -> Iterator[str]:
    r"""Lines with their ends (\n, \r\n or \r); a line over the row limit is cut there, its rest dropped."""
    pending = ""
    while block := stream.read(_BLOCK_BYTES):
        # A block may end inside a character, or between \r and \n.
        while (more := stream.peek(1)) and (more[0] & 0xC0 == 0x80 or block.endswith(b"\r")):
            block += stream.read(1)
        lines = _split(pending + block.decode())
        pending = lines.pop() if lines and not lines[-1].endswith(("\n", "\r")) else ""
        yield from (line[:MAX_ROW_BYTES] for line in lines)
        pending = pending[: 2 * MAX_ROW_BYTES]
    if pending:
        yield pending[:MAX_ROW_BYTES]


def _split(text: str) -> list[str]:
    # str.splitlines would also cut at U+2028 and form feeds, which texts hold.
    return list(io.StringIO(text, newline=""))


def hash_rows(columns: Mapping[str, pa.Array]) -> pa.Array:
    """An id for each row from all its cells; the order of the columns does not count.

    Arrow has no hash of a row, so each row's text is hashed alone: the one place where readers go row by row.
    """
    cells = [pc.binary_join_element_wise(name, pc.fill_null(columns[name], ""), "\x1e") for name in sorted(columns)]
    rows = pc.binary_join_element_wise(*cells, "\x1f")
    return pa.array([f"{CONTENT_ID}{hashlib.sha256(row.encode()).hexdigest()[:32]}" for row in rows.to_pylist()], TEXT)


def mark_rows(columns: Mapping[str, pa.Array], rows: pa.Array, content: pa.Array | None) -> pa.RecordBatch:
    """Good rows with the numbers they have in their file."""
    marks = {ROW: rows.cast(COUNT), BROKEN: pa.nulls(len(rows), TEXT), CONTENT: content}
    if content is None:
        marks[CONTENT] = pa.nulls(len(rows), TEXT)
    return pa.RecordBatch.from_pydict({**columns, **marks})


def broken_rows(names: Iterable[str], rows: pa.Array) -> pa.RecordBatch:
    """Rows of which nothing is known but their number."""
    columns = {name: pa.nulls(len(rows), TEXT) for name in names}
    batch = mark_rows(columns, rows, None)
    return batch.set_column(batch.schema.get_field_index(BROKEN), BROKEN, pa.repeat("unparsable_line", len(rows)))


def regroup(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of `ROWS_PER_BATCH`."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(len(part) for part in waiting) >= ROWS_PER_BATCH:
            whole = pa.concat_batches(waiting)
            full = len(whole) - len(whole) % ROWS_PER_BATCH
            yield from (whole.slice(start, ROWS_PER_BATCH) for start in range(0, full, ROWS_PER_BATCH))
            waiting = [whole.slice(full)] if full < len(whole) else []
    if waiting:
        yield pa.concat_batches(waiting)

"""Read exports: files -> batches in our columns, each row kept or marked with the reason why not.

What is read is one input of a source (`messages`, `events`, ...), which may come from several tables. The
main table flows through; tables that are looked up travel to every worker whole, with the columns in use.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple

import apache_beam as beam
import pyarrow as pa
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.pvalue import AsList, PBegin, PCollection

from schemas.conform.joins import add_history, join_rows, prepare_side
from schemas.conform.rows import conform_rows
from schemas.errors import InputError, UsageError
from schemas.formats.csv_rows import open_csv, read_csv
from schemas.formats.jsonl_rows import read_jsonl
from schemas.formats.parquet_rows import read_parquet
from schemas.formats.text_stream import BROKEN, FILE, ROW, regroup
from schemas.sources.columns import find_wanted
from schemas.sources.inputs import JOINED, marked_schema
from schemas.sources.rules import FileFormat, Input, Source
from schemas.sources.yaml_nodes import suggest

_CODECS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
_FORMATS: dict[str, FileFormat] = {
    ".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet",
}  # fmt: skip
_READERS = {"csv": read_csv, "jsonl": read_jsonl, "parquet": read_parquet}

Globs = str | Sequence[str]


class Export(NamedTuple):
    """One file, and the table that it belongs to."""

    table: str
    file: str


def find_exports(source: Source, input_name: str, globs: Globs | Mapping[str, Globs]) -> list[Export]:
    """Find the files of one input.

    Args:
        source: The source.
        input_name: The input, as `messages`.
        globs: Paths or globs of the main table, or of several tables by their names. Names of tables that
            only other inputs of the source read are passed over.

    Returns:
        The files in order of table and path; none where an input other than messages has no files for its
        main table.

    Raises:
        UsageError: The source has no such input or table, or a table that it needs has no files.
        InputError: A glob matches no file, or cannot be looked up.
    """
    found = find_input(source, input_name)
    by_table = dict(globs) if isinstance(globs, Mapping) else {found.table: globs}
    known = [table.name for other in source.inputs for table in other.tables]
    if unknown := [name for name in by_table if name not in known]:
        raise UsageError(f"source {source.name} has no table {unknown[0]!r}{suggest(unknown[0], known)}")
    if found.table not in by_table and input_name != "messages":
        return []
    needed = [table.name for table in found.tables if not table.optional and table.name not in by_table]
    if needed:
        raise UsageError(f"source {source.name} needs files of the table {needed[0]!r}: add {needed[0]}=GLOB")
    return [
        Export(table.name, file)
        for table in found.tables
        if table.name in by_table
        for file in _match(by_table[table.name])
    ]


def find_input(source: Source, input_name: str) -> Input:
    """The input of a source.

    Raises:
        UsageError: The source has none of that name.
    """
    if (found := source.input_named(input_name)) is None:
        has = ", ".join(other.name for other in source.inputs)
        raise UsageError(f"source {source.name} does not say how {input_name} are read; it has {has}")
    return found


def check_export(found: Input, export: Export) -> None:
    """Refuse a file that cannot be read, by its header alone.

    Raises:
        InputError: The file is empty, in another encoding or format, or lacks a required column.
    """
    table, wanted = found.table_named(export.table), find_wanted(found, export.table)
    if _format_of(found, export) == "csv":
        open_csv(lambda: open_file(export.file), table, wanted, export.file)
    else:
        next(read_texts(found, export), None)


def read_texts(found: Input, export: Export) -> Iterator[pa.RecordBatch]:
    """Batches of one file's rows as text, with the columns that mark their place.

    Raises:
        InputError: The file cannot be used.
    """
    table, wanted = found.table_named(export.table), find_wanted(found, export.table)
    read = _READERS[_format_of(found, export)]
    try:
        for batch in regroup(read(lambda: open_file(export.file), table, wanted, export.file)):
            yield batch.append_column(FILE, pa.repeat(export.file, len(batch)))
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{export.file} cannot be read: {error}") from error


def open_file(file: str) -> BinaryIO:
    """Open a file of any Beam file system, decompressed by its extension.

    Arrow decompresses, because Beam reads a truncated .gz or .zst without a word as if it ended there.
    """
    raw = FileSystems.open(file, compression_type=CompressionTypes.UNCOMPRESSED)
    codec = _CODECS.get("." + file.rpartition(".")[2].lower())
    return pa.CompressedInputStream(raw, codec) if codec else raw


def look_up(batch: pa.RecordBatch, found: Input, sides: Mapping[str, pa.Table]) -> pa.RecordBatch:
    """Add the columns of all joins and histories, from sides as `gather_sides` makes them."""
    for join in found.joins:
        batch = join_rows(batch, sides[f"join {join.name}"], join)
    for history in found.histories:
        batch = add_history(batch, sides[f"history {history.name}"], history, found)
    return batch


def gather_sides(found: Input, tables: Mapping[str, Sequence[pa.RecordBatch]]) -> dict[str, pa.Table]:
    """The tables to look up in, one for each join and history; without rows or files it is an empty one."""
    whole = {}
    for name in _side_names(found):
        wanted = find_wanted(found, name)
        columns = [*(names[0] for names in wanted.required + wanted.optional), BROKEN]
        empty = pa.table({column: pa.nulls(0, pa.string()) for column in columns})
        parts = [pa.Table.from_batches([batch]) for batch in tables.get(name, ())]
        whole[name] = pa.concat_tables([empty, *parts], promote_options="default")
    sides = {f"join {j.name}": prepare_side(whole[j.table], j.key, key_is_list=j.key_is_list) for j in found.joins}
    return sides | {f"history {h.name}": prepare_side(whole[h.table], h.key) for h in found.histories}


def mark_joined(batch: pa.RecordBatch, input_name: str) -> pa.RecordBatch:
    """The rows of a table that is looked up: they are counted and go no further; broken ones are rejected."""
    schema = marked_schema(input_name)
    made = {"file": batch[FILE], "row": batch[ROW], "reject_reason": batch[BROKEN].fill_null(JOINED)}
    arrays = [
        made.get(name) if name in made else pa.nulls(len(batch), schema.field(name).type) for name in schema.names
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


@dataclass(eq=False)
class ReadExports(beam.PTransform):
    """Reads one input of a source, in batches of `marked_schema(input_name)`.

    Attributes:
        source: The source.
        input_name: messages, changes, events, surveys, customers or identities.
        globs: Paths or globs of the main table, or of several tables by their names.

    Raises:
        UsageError: The source has no such input or table, or a table has no files.
        InputError: A glob matches nothing, or a file cannot be used; headers are checked before the job runs.
    """

    source: Source
    input_name: str
    globs: Globs | Mapping[str, Globs]

    def __post_init__(self) -> None:
        """Find the files and check their headers."""
        self._found = find_input(self.source, self.input_name)
        self._exports = find_exports(self.source, self.input_name, self.globs)
        for export in self._exports:
            check_export(self._found, export)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that will be read."""
        return tuple(export.file for export in self._exports)

    def expand(self, begin: PBegin) -> PCollection[pa.RecordBatch]:
        """Read the main table, look the others up, conform."""
        found = self._found
        texts = {name: self._read(begin, name) for name in (found.table, *_side_names(found))}
        main = texts.pop(found.table)
        sides = [AsList(side) for side in texts.values()]
        rows = main | "Look up and conform" >> beam.ParDo(_Conform(found, tuple(texts)), *sides)
        joined = [side | f"Mark {name}" >> beam.Map(mark_joined, found.name) for name, side in texts.items()]
        return (rows, *joined) | "Put together" >> beam.Flatten()

    def _read(self, begin: PBegin, table: str) -> PCollection[pa.RecordBatch]:
        exports = [export for export in self._exports if export.table == table]
        return (
            begin
            | f"Name files of {table}" >> beam.Create(exports, reshuffle=False).with_output_types(Export)
            | f"Spread files of {table}" >> beam.Reshuffle()
            | f"Read {table}" >> beam.ParDo(_ReadTexts(self._found))
        )


class _ReadTexts(beam.DoFn):
    def __init__(self, found: Input) -> None:
        self._found = found

    def process(self, export: Export) -> Iterator[pa.RecordBatch]:
        yield from read_texts(self._found, export)


class _Conform(beam.DoFn):
    """Conforms batches; what it looks up in is prepared once per bundle, where side inputs stay the same."""

    def __init__(self, found: Input, side_names: tuple[str, ...]) -> None:
        self._found, self._side_names = found, side_names
        self._sides: dict[str, pa.Table] | None = None

    def start_bundle(self) -> None:
        self._sides = None

    def process(self, batch: pa.RecordBatch, *tables: Any) -> Iterator[pa.RecordBatch]:
        if self._sides is None:
            self._sides = gather_sides(self._found, dict(zip(self._side_names, tables, strict=True)))
        yield conform_rows(look_up(batch, self._found, self._sides), self._found)


def _side_names(found: Input) -> list[str]:
    return [table.name for table in found.tables if table.name != found.table]


def _match(globs: Globs) -> list[str]:
    files: dict[str, None] = {}
    for glob in [globs] if isinstance(globs, str) else globs:
        try:
            matched = FileSystems.match([glob])[0].metadata_list
        except Exception as error:  # each Beam file system has its own errors, and none a common root
            raise InputError(f"{glob} cannot be looked up: {error}") from error
        if not matched:
            raise InputError(f"{glob} matches no file: check the path, and quote globs so that the shell leaves them")
        files |= dict.fromkeys(sorted(metadata.path for metadata in matched))
    return sorted(files)


def _format_of(found: Input, export: Export) -> FileFormat:
    if (told := found.table_named(export.table).format) is not None:
        return told
    name = export.file.lower()
    stem = next((name.removesuffix(end) for end in _CODECS if name.endswith(end)), name)
    extension = "." + stem.rpartition(".")[2]
    if extension not in _FORMATS:
        raise InputError(f"{export.file}: no format is known for {extension!r}: set `format` to csv, jsonl or parquet")
    if extension == ".parquet" and stem != name:
        raise InputError(f"{export.file}: Parquet is compressed inside; unpack the file")
    return _FORMATS[extension]

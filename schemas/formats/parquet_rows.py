"""Read Parquet in batches of text columns; a struct's children are named with a dot, as `via.channel`."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.errors import InputError
from schemas.formats.text_stream import NO_TEXT, ROWS_PER_BATCH, OpenFile, hash_rows, mark_rows
from schemas.sources.columns import Wanted
from schemas.sources.rules import Table
from schemas.types import TEXT


def read_parquet(open_file: OpenFile, table: Table, wanted: Wanted, file: str) -> Iterator[pa.RecordBatch]:
    """Batches of the wanted columns as text, with `ROW`, `BROKEN` and `CONTENT`.

    Values become the text that a CSV would hold: times in ISO 8601, `true` and `false`, whole numbers without
    a fraction.

    Raises:
        InputError: The file is no Parquet, is damaged, or lacks a required column or has it in a type that is
            no single value.
    """
    try:
        opened = pq.ParquetFile(pa.PythonFile(open_file(), mode="r"))
        header = _flat(pa.RecordBatch.from_pylist([], schema=opened.schema_arrow)).column_names
        chosen = wanted.choose(header, file)
        hashes_rows = wanted.hashes_rows(header)
        row = 1
        for batch in opened.iter_batches(ROWS_PER_BATCH, columns=None if hashes_rows else chosen):
            flat = _flat(batch)
            texts = {name: _to_text(flat[name], name, file) for name in (header if hashes_rows else chosen)}
            rows = pa.array(np.arange(row, row + len(batch)))
            yield mark_rows({name: texts[name] for name in chosen}, rows, hash_rows(texts) if hashes_rows else None)
            row += len(batch)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{file} is no sound Parquet file ({error}); export or copy it again") from error


def _flat(batch: pa.RecordBatch) -> pa.RecordBatch:
    table = pa.Table.from_batches([batch])
    while any(pa.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    columns = [column.combine_chunks() for column in table.columns]
    return pa.RecordBatch.from_arrays(columns, names=table.column_names)


def _to_text(values: pa.Array, name: str, file: str) -> pa.Array:
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _to_text(values.dictionary_decode(), name, file)
    if pa.types.is_timestamp(kind):
        texts = pc.strftime(values.cast(pa.timestamp("us", kind.tz)), "%Y-%m-%dT%H:%M:%S", locale="C")
        if kind.tz:
            utc = values.cast(pa.timestamp("us", "UTC"))
            texts = pc.binary_join_element_wise(pc.strftime(utc, "%Y-%m-%dT%H:%M:%S", locale="C"), "Z", "")
        return texts.cast(TEXT)
    if pa.types.is_floating(kind):
        return _float_to_text(values.cast(pa.float64()))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        joined = pc.binary_join(values.cast(pa.list_(TEXT)), ",")
        return pc.binary_join_element_wise("[", joined, "]", "").cast(TEXT)
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise InputError(f"{file}: the column {name!r} is {kind}, not a single value; export it as text")
    return pc.replace_substring(values.cast(TEXT), "\0", NO_TEXT)


def _float_to_text(values: pa.Array) -> pa.Array:
    """Whole numbers as whole numbers: pandas keeps ids as floats where some are missing."""
    is_whole = pc.and_(pc.equal(values, pc.floor(values)), pc.less(pc.abs(values), 2.0**53))
    whole = pc.if_else(is_whole, values, None).cast(pa.int64()).cast(TEXT)
    return pc.coalesce(whole, values.cast(TEXT))

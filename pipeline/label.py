"""`staunen label`: label the messages of one file, without a lake."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc_csv
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from models.classifier import MessageClassifier
from schemas.errors import InputError, UsageError
from schemas.labels import LABELS
from transforms.redact_text import redact_text

_BATCH_ROWS = 8192
_TEXTS = ("text", "role", "lang")
_LABELS = {field.name for field in LABELS}
# Else a column of nothing but numbers would lose its leading zeros.
_CSV = ds.CsvFileFormat(
    convert_options=pc_csv.ConvertOptions(column_types=dict.fromkeys(_TEXTS, pa.string()), strings_can_be_null=True)
)
_FORMATS = {".csv": "csv", ".jsonl": "json", ".json": "json", ".parquet": "parquet"}


@dataclass(frozen=True)
class LabelSummary:
    """What was labelled.

    Attributes:
        messages: Rows read and written.
        labelled: Of these, with labels.
        needs_review: Of these, to be looked at.
        model_revision: The model's revision; None where nothing was labelled.
    """

    messages: int
    labelled: int
    needs_review: int
    model_revision: str | None


def label_file(source: str, target: Path, *, model: str, threads: int | None) -> LabelSummary:
    """Redact and label the messages of one file.

    Args:
        source: CSV, JSONL or Parquet with the columns `text` and `role` (customer or agent); all others are
            passed through, but for labels that are there already: the new ones take their place.
        target: JSONL, CSV or Parquet, by its extension; written in one step, replacing what is there. In CSV
            the signals and steps are joined by `|`, and the probabilities become columns of their own.
        model: Directory or hub id of the classifier.
        threads: Threads of the model; None for all cores.

    Raises:
        InputError: The file cannot be read, or a column is missing.
        UsageError: The output's extension is none of the three, or its folder is not there.
    """
    if target.suffix not in _FORMATS:
        raise UsageError(f"--output {target}: the extension must be one of {', '.join(_FORMATS)}")
    if not target.parent.is_dir():
        raise UsageError(f"--output {target}: there is no folder {target.parent}; make it first")
    classifier = MessageClassifier(model, threads)
    labelled = [classifier.classify(redact_text(batch)) for batch in _read_messages(source)]
    if not labelled:
        raise InputError(f"--input {source} holds no rows")
    table = pa.Table.from_batches(labelled)
    draft = target.with_name(f".{target.name}.tmp")
    _WRITERS[_FORMATS[target.suffix]](table, draft)
    os.replace(draft, target)
    revisions = table["model_revision"].unique().drop_null().to_pylist()
    return LabelSummary(
        messages=table.num_rows,
        labelled=table.num_rows - table["model_revision"].null_count,
        needs_review=sum(chunk.true_count for chunk in table["needs_review"].chunks),
        model_revision=revisions[0] if revisions else None,
    )


def _read_messages(source: str) -> Iterator[pa.RecordBatch]:
    if (kind := _FORMATS.get(Path(source).suffix)) is None:
        raise InputError(f"--input {source}: the extension must be one of {', '.join(_FORMATS)}")
    try:
        data = ds.dataset(source, format=_CSV if kind == "csv" else kind)
        if missing := [name for name in ("text", "role") if name not in data.schema.names]:
            raise InputError(f"--input {source}: columns {missing} are missing; found {data.schema.names}")
        for batch in data.to_batches(batch_size=_BATCH_ROWS):
            others = [name for name in batch.schema.names if name not in _LABELS]
            yield _as_texts(batch.select(others), source)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"--input {source} cannot be read: {error}") from error


def _as_texts(batch: pa.RecordBatch, source: str) -> pa.RecordBatch:
    """Make the columns that the classifier reads strings; one without any value has no type of its own."""
    for name in _TEXTS:
        place = batch.schema.get_field_index(name)
        if place < 0 or (kind := batch.schema.field(place).type) == pa.string():
            continue
        if not (pa.types.is_null(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)):
            raise InputError(f"--input {source}: the column {name} holds {kind}; it must hold text")
        batch = batch.set_column(place, name, batch.column(place).cast(pa.string()))
    return batch


def _write_jsonl(table: pa.Table, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for batch in table.to_batches(max_chunksize=_BATCH_ROWS):
            # JSON has no columns: rows are what it is made of.
            file.writelines(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in batch.to_pylist())


def _write_csv(table: pa.Table, path: Path) -> None:
    flat = table.flatten()  # structs become columns named struct.field
    for index, field in enumerate(flat.schema):
        if pa.types.is_list(field.type):
            joined = pa.compute.binary_join(flat.column(index), "|")
            flat = flat.set_column(index, field.name, joined)
    pc_csv.write_csv(flat, path)


_WRITERS = {"csv": _write_csv, "json": _write_jsonl, "parquet": pq.write_table}

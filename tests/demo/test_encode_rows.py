import csv
import gzip
import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.add_faults import Dirty
from demo.encode_rows import ExportFile, encode_csv, encode_json

# The csv module splits rows at NUL on some versions and folds "\r"; the demo's own texts hold neither.
TEXTS = st.lists(st.none() | st.text(st.characters(exclude_characters="\x00\r", codec="utf-8"), min_size=1))


def rows_of(texts: list[str | None]) -> pa.RecordBatch:
    numbers = [str(i) for i in range(len(texts))]
    return pa.RecordBatch.from_arrays([pa.array(numbers), pa.array(texts, pa.string())], ["id", "text"])


@settings(deadline=None)
@given(TEXTS)
def test_csv_and_json_come_back(texts: list[str | None]) -> None:
    rows = rows_of(texts)
    cells = csv.reader(io.StringIO(encode_csv(rows).decode(), newline=""))
    assert [(number, text or None) for number, text in cells] == list(zip(rows["id"].to_pylist(), texts, strict=True))
    lines = encode_json(rows).decode().split("\n")[:-1]
    assert [json.loads(line) for line in lines] == rows.to_pylist()


def test_broken_lines_stand_where_they_should(tmp_path: Path) -> None:
    dirty = Dirty(rows_of(["a", "b", "c"]), np.array([0, 2]))
    for name in ("x.csv", "x.jsonl.gz"):
        with ExportFile(tmp_path / name, ("id", "text")) as file:
            file.write_dirty(dirty)
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert [line.startswith("T-") for line in lines] == [False, True, False, False, True, False]
    packed = gzip.decompress((tmp_path / "x.jsonl.gz").read_bytes()).decode().splitlines()
    assert [line.endswith("}") for line in packed] == [False, True, True, False, True]

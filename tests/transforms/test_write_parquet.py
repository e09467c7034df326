import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.errors import ContractError
from schemas.quality import QUALITY
from transforms import write_parquet as module
from transforms.stage_table import stage_batch
from transforms.write_parquet import WrittenFile, write_parquet

ROWS = 1_000


@pytest.fixture(autouse=True)
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROW_GROUP_ROWS", 128)
    monkeypatch.setattr(module, "FILE_ROW_GROUPS", 3)


def counters(numbers: np.ndarray) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [
            pa.array(["run"] * len(numbers)),
            pa.array([f"{number:05}" for number in numbers]),
            pa.array(["rows"] * len(numbers)),
            pa.array(numbers.astype(float)),
        ],
        schema=QUALITY.schema,
    )


def write(folder: Path, *batches: pa.RecordBatch) -> list[WrittenFile]:
    (folder / "staged").mkdir(parents=True)
    staged = [stage_batch(batch, contract=QUALITY, folder=str(folder / "staged"))[1] for batch in batches]
    return write_parquet(staged, QUALITY, str(folder / "run"), memory_gb=0.5, scratch=str(folder))


def test_cut_and_order_of_the_batches_do_not_show_in_the_files(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    cuts = [
        write(tmp_path / str(parts), *map(counters, np.array_split(random.permutation(ROWS), parts)))
        for parts in (1, 3, 10)
    ]
    assert cuts[0] == cuts[1] == cuts[2]
    assert len(cuts[0]) == 3


def test_the_files_hold_the_rows_in_order_as_the_contract_says(tmp_path: Path) -> None:
    files = write(tmp_path, counters(np.random.default_rng(2).permutation(ROWS)))
    read = pa.concat_tables(pq.read_table(tmp_path / "run" / file.path) for file in files)
    assert read.schema.equals(QUALITY.schema, check_metadata=True)
    assert read["item"].to_pylist() == [f"{number:05}" for number in range(ROWS)]


def test_row_groups_compression_statistics_and_order_are_written(tmp_path: Path) -> None:
    path = write(tmp_path, counters(np.arange(ROWS)))[0].path
    facts = pq.ParquetFile(tmp_path / "run" / path).metadata
    assert [facts.row_group(group).num_rows for group in range(facts.num_row_groups)] == [128, 128, 128]
    column = facts.row_group(1).column(1)
    assert column.compression == "ZSTD"
    assert (column.statistics.min, column.statistics.max) == ("00128", "00255")
    assert [sort.column_index for sort in facts.row_group(0).sorting_columns] == [0, 1, 2]


def test_what_is_told_of_a_file_is_true(tmp_path: Path) -> None:
    for file in write(tmp_path, counters(np.arange(ROWS))):
        content = (tmp_path / "run" / file.path).read_bytes()
        assert (file.size_bytes, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert file.rows == pq.read_metadata(tmp_path / "run" / file.path).num_rows


def test_a_table_without_rows_is_a_file_with_columns(tmp_path: Path) -> None:
    (file,) = write(tmp_path)
    assert file.rows == 0
    assert pq.read_schema(tmp_path / "run" / file.path).names == QUALITY.schema.names


@pytest.mark.parametrize("twice", [[0, 0], [127, 127], [*range(128), 127]])
def test_a_key_that_comes_twice_is_refused(tmp_path: Path, twice: list[int]) -> None:
    with pytest.raises(ContractError, match=r"table quality: the key .* is not unique"):
        write(tmp_path, counters(np.array(twice)))

"""Write the staged batches of one table as Parquet, in the order of its natural key."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import IO

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems

from schemas.contract import Contract
from schemas.errors import ContractError

ROW_GROUP_ROWS = 131_072  # readers skip by row group and work on one at a time: 100 to 250 thousand serve both
FILE_ROW_GROUPS = 16


@dataclass(frozen=True)
class WrittenFile:
    """One file of a table.

    Attributes:
        path: Relative to the run's folder.
        rows: Rows in it.
        size_bytes: Its size.
        sha256: Its digest, hex.
    """

    path: str
    rows: int
    size_bytes: int
    sha256: str


class _Digesting:
    """A file that knows the digest of what was written to it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = sha256()
        self.size = 0
        self.closed = False

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.size += len(data)
        self._file.write(data)
        return len(data)

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        self._file.flush()

    def writable(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True
        self._file.close()


def read_staged(paths: list[str]) -> Iterator[pa.RecordBatch]:
    """Read staged Arrow IPC files one after another."""
    for path in paths:
        with FileSystems.open(path) as file, pa.ipc.open_stream(file) as reader:
            yield from reader


def sort_batches(
    batches: Iterator[pa.RecordBatch], contract: Contract, *, memory_gb: float, scratch: str
) -> Iterator[pa.RecordBatch]:
    """Sort any number of batches by the contract's key, on disk where memory is short.

    Args:
        batches: The table's rows in any order.
        contract: The table's contract.
        memory_gb: Memory that the sort may use.
        scratch: Local folder for what does not fit.

    Yields:
        The rows by natural key; nulls come last.
    """
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"set memory_limit = '{memory_gb} GB'")
        connection.execute("set temp_directory = ?", [scratch])
        connection.register("staged", pa.RecordBatchReader.from_batches(contract.schema, batches))
        key = ", ".join(f'"{name}"' for name in contract.key)
        yield from connection.sql(f"select * from staged order by {key}").to_arrow_reader(ROW_GROUP_ROWS)


def cut_groups(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Cut a stream of batches into row groups of `ROW_GROUP_ROWS`; the last one is shorter.

    Row groups must not depend on how the sort hands out its batches, or files would differ.
    """
    pending: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        pending.append(batch)
        rows += batch.num_rows
        while rows >= ROW_GROUP_ROWS:
            table = pa.Table.from_batches(pending)
            yield table.slice(0, ROW_GROUP_ROWS).cast(schema).combine_chunks()
            pending = table.slice(ROW_GROUP_ROWS).to_batches()
            rows -= ROW_GROUP_ROWS
    if rows:
        yield pa.Table.from_batches(pending).cast(schema).combine_chunks()


def _check_unique(group: pa.Table, last: tuple[object, ...] | None, contract: Contract) -> tuple[object, ...]:
    """Hold a sorted row group's key to be unique; gives the last key for the next group."""
    keys = group.select(contract.key).combine_chunks()
    is_same = pa.scalar(True)
    for column in keys.columns:
        is_same = pc.and_(is_same, pc.equal(column[1:], column[:-1]))
    ends = [tuple(keys.slice(row, 1).to_pylist()[0].values()) for row in (0, keys.num_rows - 1)]
    if last == ends[0] or (keys.num_rows > 1 and pc.any(is_same).as_py()):
        raise ContractError(f"table {contract.name}: the key {contract.key} is not unique")
    return ends[1]


def write_parquet(
    staged: list[str], contract: Contract, folder: str, *, memory_gb: float, scratch: str
) -> list[WrittenFile]:
    """Publishable files of one table from its staged batches.

    Args:
        staged: Paths of the staged batches.
        contract: The table's contract.
        folder: The run's folder.
        memory_gb: Memory that the sort may use.
        scratch: Local folder for what does not fit.

    Returns:
        The files, at least one: a table without rows is an empty file, so that readers find its columns.

    Raises:
        ContractError: The natural key is not unique.
    """
    ordered = sort_batches(read_staged(staged), contract, memory_gb=memory_gb, scratch=scratch)
    groups = cut_groups(ordered, contract.schema)
    files: list[WrittenFile] = []
    last_key: tuple[object, ...] | None = None
    group = next(groups, contract.schema.empty_table())
    while group is not None:
        path = FileSystems.join(contract.name, f"part-{len(files):05}.parquet")
        with FileSystems.create(FileSystems.join(folder, path)) as raw:
            sink, rows = _Digesting(raw), 0
            with _open_writer(sink, contract) as writer:
                for _ in range(FILE_ROW_GROUPS):
                    if group.num_rows:
                        last_key = _check_unique(group, last_key, contract)
                    writer.write_table(group, row_group_size=ROW_GROUP_ROWS)
                    rows += group.num_rows
                    if (group := next(groups, None)) is None:
                        break
        files.append(WrittenFile(path, rows, sink.size, sink.digest.hexdigest()))
    return files


def _open_writer(sink: _Digesting, contract: Contract) -> pq.ParquetWriter:
    sorting = pq.SortingColumn.from_ordering(
        contract.schema, [(name, "ascending") for name in contract.key], null_placement="at_end"
    )
    return pq.ParquetWriter(
        pa.PythonFile(sink, mode="w"),
        contract.schema,
        compression="zstd",
        sorting_columns=sorting,
        write_page_index=True,
        write_statistics=True,
    )

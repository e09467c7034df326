"""SQL over the published run, with DuckDB, read-only."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from pipeline.lake import Lake
from pipeline.storage import is_local
from schemas.errors import UsageError

# `pivot` is several statements to DuckDB, and one to whoever writes it.
_READING = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI)


@contextmanager
def open_tables(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published run: each table is a view of its name.

    The connection can read the run's files and nothing else: no other file, no network, no writing.

    Raises:
        LakeError: No run is published.
        UsageError: The lake is not on a local disk.
    """
    if not is_local(lake.root):
        raise UsageError(
            f"{lake.root}: SQL reads lakes on local disks; copy the run here, or point your own engine at it"
        )
    manifest = lake.manifest()
    folder = lake.run_folder(manifest["run_id"])
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for name, table in manifest["tables"].items():
            # Relation API: DDL takes no parameters, and a path may hold a quote.
            files = [f"{folder}/{file['path']}" for file in table["files"]]
            connection.read_parquet(files).create_view(name)
        quoted = folder.replace("'", "''")  # `set` takes no parameters either
        connection.execute(f"set allowed_directories = ['{quoted}']")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        yield connection


def query_lake(lake: Lake, sql: str) -> tuple[list[str], list[tuple]]:
    """Run one query over the published run.

    Returns:
        Column names and rows.

    Raises:
        UsageError: The query is wrong, says what DuckDB found; or it is anything but one query.
    """
    with open_tables(lake) as connection:
        try:
            _refuse_other_than_a_query(connection.extract_statements(sql))
            relation = connection.sql(sql)
            return relation.columns, relation.fetchall()
        except duckdb.Error as error:
            raise UsageError(f"DuckDB: {error}") from error


def _refuse_other_than_a_query(statements: list[duckdb.Statement]) -> None:
    if len(statements) != 1:
        raise UsageError(f"{len(statements)} statements given; give one, and others in commands of their own")
    if statements[0].type not in _READING:
        kind = statements[0].type.name.lower()
        raise UsageError(f"the lake is read-only, and this is a {kind} statement; write a select")

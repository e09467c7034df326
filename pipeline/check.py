"""Check a published lake against its manifest and its contracts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems

from pipeline.lake import Lake
from pipeline.query import open_tables
from pipeline.storage import digest_file, is_local, open_raw
from schemas.contract import Contract
from schemas.tables import TABLES


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        where: The table or file.
        rule: The rule that is broken, and how.
    """

    where: str
    rule: str


def check_lake(lake: Lake) -> tuple[str, list[Finding]]:
    """Hold the published run against its manifest and contracts.

    Returns:
        The run's id, and what is wrong; nothing where all is well.

    Raises:
        LakeError: No run is published, or its manifest cannot be read.
    """
    run_id = lake.current_run()
    manifest = lake.manifest(run_id)
    folder = lake.run_folder(run_id)
    findings = list(_check_files(manifest, folder))
    if not findings:  # SQL over damaged files would only say the same less clearly
        findings = list(_check_tables(lake, manifest))
    return run_id, findings


def _check_files(manifest: dict, folder: str) -> Iterator[Finding]:
    """Each table is there, each file is whole, of the table's contract, and nothing else lies about."""
    for name in sorted(set(TABLES) ^ set(manifest["tables"])):
        yield Finding(name, "the table is missing, or no contract knows it")
    for name, table in sorted(manifest["tables"].items()):
        for file in table["files"]:
            yield from _check_file(file, FileSystems.join(folder, file["path"]), TABLES.get(name))
    known = {file["path"] for table in manifest["tables"].values() for file in table["files"]}
    found = {str(path.relative_to(folder)) for path in Path(folder).rglob("*.parquet")} if is_local(folder) else known
    for path in sorted(found - known):
        yield Finding(path, "the manifest does not name it, but a glob over the table reads it; remove it")


def _check_file(file: dict, path: str, contract: Contract | None) -> Iterator[Finding]:
    try:
        digest, size = digest_file(path)
    except (OSError, RuntimeError) as error:
        yield Finding(file["path"], f"cannot be read: {type(error).__name__}; restore it or run the night again")
        return
    if digest != file["sha256"]:
        yield Finding(
            file["path"],
            f"sha256 is {digest[:12]}… at {size} bytes, the manifest says {file['sha256'][:12]}… at "
            f"{file['size_bytes']}; the file was changed after it was published",
        )
        return
    with open_raw(path) as raw:
        parquet = pq.ParquetFile(raw)
        if parquet.metadata.num_rows != file["rows"]:
            yield Finding(file["path"], f"{parquet.metadata.num_rows} rows, the manifest says {file['rows']}")
        if contract and not parquet.schema_arrow.equals(contract.schema):
            yield Finding(file["path"], f"the columns are not those of contract {contract.name} {contract.version}")


# Rules that hold between the columns and tables of every run: what is wrong, and the rows that break it.
_RULES = {
    "messages: the case is not in cases": "select 1 from messages anti join cases using (case_id)",
    "cases: no message belongs to the case": "select 1 from cases anti join messages using (case_id)",
    "journeys: the customer is not in customers": "select 1 from journeys anti join customers using (customer_key)",
    "journeys: spells of a customer overlap or leave a gap": """
        select 1 from (
            select ended_at, lead(started_at) over (partition by customer_key order by spell_number) as next
            from journeys
        ) where ended_at is distinct from next""",
    "cases: a first reply before the first message": "select 1 from cases where first_reply_seconds < 0",
    "cases: resolved before it was opened": "select 1 from cases where resolved_at < opened_at",
    "messages: labels of the wrong role": """
        select 1 from messages where (role <> 'customer' and state is not null)
        or (role <> 'agent' and steps is not null)""",
    "quality: read is not kept + rejected + ignored": """
        select 1 from quality where scope = 'file' group by item
        having sum(case when counter = 'read' then value else -value end) <> 0""",
    "rejects: their number is not that in quality": """
        select 1 where (select count(*) from rejects) <>
        (select coalesce(sum(value), 0) from quality where scope = 'file' and counter = 'rejected')""",
}


def _check_tables(lake: Lake, manifest: dict) -> Iterator[Finding]:
    with open_tables(lake) as connection:
        for name, contract in TABLES.items():
            key = ", ".join(contract.key)
            rows, keys = _one(connection, f"select count(*), count(distinct ({key})) from {name}")
            if rows != keys:
                yield Finding(name, f"{rows - keys} rows share their key ({key}) with another row")
            if rows != manifest["tables"][name]["rows"]:
                yield Finding(name, f"{rows} rows, the manifest says {manifest['tables'][name]['rows']}")
        for rule, broken in _RULES.items():
            (rows,) = _one(connection, f"select count(*) from ({broken})")
            if rows:
                table, _, what = rule.partition(": ")
                yield Finding(table, f"{what} ({rows} rows)")


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    return tuple(connection.sql(sql).fetchall()[0])

"""Write docs/tables.md from the contracts: `python -m schemas.describe docs/tables.md`."""

import sys
from pathlib import Path

from schemas.contract import Contract
from schemas.tables import TABLES

_HEAD = """# Tables

Generated from `schemas/` by `make docs`; the same notes are in each Parquet file as field metadata.
A null means *unknown* or *does not apply*, never 0 or an empty text. Times are UTC.

"""


def describe_table(contract: Contract) -> str:
    """Describe one table in Markdown."""
    lines = [
        f"## {contract.name}",
        "",
        f"One row per {contract.meaning.removeprefix('one ')}. "
        f"Key and order: {', '.join(f'`{name}`' for name in contract.key)}. Version {contract.version}.",
        "",
        "| column | type | meaning | unit | null |",
        "| --- | --- | --- | --- | --- |",
    ]
    for field in contract.schema:
        notes = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
        cells = (f"`{field.name}`", f"`{field.type}`", notes["meaning"], notes["unit"], notes["null"])
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def describe_tables() -> str:
    """Describe all published tables in Markdown."""
    return _HEAD + "\n".join(describe_table(contract) for contract in TABLES.values())


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(describe_tables(), encoding="utf-8")

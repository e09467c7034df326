"""Gather the training sets into one Parquet file.

python -m training.prepare --conversations DIR --umsab DIR [--goemotions DIR] [--xed DIR] --out DIR
"""

import argparse
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from training.sources import (
    EXAMPLES,
    read_conversations,
    read_goemotions,
    read_umsab,
    read_xed,
)

EXAMPLES_FILE = "examples.parquet"


def prepare(conversations: Path, umsab: Path, goemotions: Path | None, xed: Path | None) -> pa.Table:
    """Return all examples, columns `EXAMPLES`, in a fixed order; empty texts are left out."""
    rows = chain(
        read_conversations(conversations),
        read_umsab(umsab),
        read_goemotions(goemotions) if goemotions else (),
        read_xed(xed) if xed else (),
    )
    return pa.Table.from_pylist([row for row in rows if row["text"]], schema=EXAMPLES)


def main() -> None:
    """Read the sets, write `OUT/examples.parquet` and print how many rows each gave."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("conversations", "umsab", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    for name in ("goemotions", "xed"):
        parser.add_argument(f"--{name}", type=Path)
    options = parser.parse_args()
    examples = prepare(options.conversations, options.umsab, options.goemotions, options.xed)
    options.out.mkdir(parents=True, exist_ok=True)
    pq.write_table(examples, options.out / EXAMPLES_FILE)
    counts = examples.group_by(["source", "lang", "is_validation"]).aggregate([("text", "count")])
    for row in counts.to_pylist():
        print(row)


if __name__ == "__main__":
    main()

"""Measure the aggregate tables against the same tables by DuckDB, on one thread each.

Run from the repository's root: python -m benchmarks.measure_aggregates [--cases 250000] [--messages 1000000]
Writes benchmarks/results/aggregates.json. The rows are random (tests/factories.py): every group is full.
"""

import argparse
import json
import platform
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from schemas.contract import Contract
from schemas.quality_cells import QUALITY_CELLS
from tests import factories
from tests.transforms import aggregate_oracle as oracle
from transforms.combine_cells import combine_cells
from transforms.compare_recovery import RECOVERY_CELLS, recovery_cells, recovery_from_cells
from transforms.count_quality import count_labels, quality_from_cells
from transforms.count_transitions import TRANSITION_CELLS, transition_cells, transitions_from_cells
from transforms.summarise_days import DAY_CELLS, case_day_cells, days_from_cells, message_day_cells
from transforms.summarise_groups import GROUP_CELLS, group_cells, groups_from_cells

BATCH_ROWS = 16_384
DAYS = 365
MIN_GROUP = 5
Batches = list[pa.RecordBatch]
Kernel = Callable[[pa.RecordBatch], pa.RecordBatch]


def measure_table(cells: Contract, parts: list[tuple[Batches, Kernel]], finish: Kernel) -> dict[str, float]:
    """Time the three steps of one table."""
    start = time.perf_counter()
    made = [kernel(batch) for batches, kernel in parts for batch in batches]
    to_cells = time.perf_counter()
    added = combine_cells(made, cells=cells)
    combined = time.perf_counter()
    table = finish(added)
    return {
        "to_cells_seconds": to_cells - start,
        "combine_seconds": combined - to_cells,
        "from_cells_seconds": time.perf_counter() - combined,
        "cells": added.num_rows,
        "rows": table.num_rows,
    }


def measure_all(cases: pa.RecordBatch, messages: pa.RecordBatch, journeys: Batches) -> dict[str, dict[str, float]]:
    """Measure each table, cut as a run cuts them."""
    until = factories.MIDNIGHT + timedelta(days=DAYS + 90)
    cases_cut, messages_cut = _cut(cases), _cut(messages)
    whole = pa.concat_batches(journeys)
    parts: dict[str, tuple] = {
        "state_transitions": (
            TRANSITION_CELLS,
            [(journeys, transition_cells)],
            partial(transitions_from_cells, until=until, min_group=MIN_GROUP),
            partial(oracle.transitions_by_sql, whole, until=until, min_group=MIN_GROUP),
        ),
        "sentiment_daily": (
            DAY_CELLS,
            [(messages_cut, message_day_cells), (cases_cut, case_day_cells)],
            days_from_cells,
            partial(oracle.days_by_sql, messages, cases),
        ),
        "recovery_loyalty": (
            RECOVERY_CELLS,
            [(cases_cut, recovery_cells)],
            partial(recovery_from_cells, min_group=MIN_GROUP),
            partial(oracle.recovery_by_sql, cases),
        ),
        "quality": (
            QUALITY_CELLS,
            [(messages_cut, count_labels)],
            quality_from_cells,
            partial(oracle.labels_by_sql, messages, tags=["EMAIL", "PHONE", "PERSON"]),
        ),
    }
    for group in ("touchpoint", "channel", "team"):
        parts[f"{group}s"] = (
            GROUP_CELLS,
            [(cases_cut, partial(group_cells, group=group))],
            partial(groups_from_cells, group=group, min_group=MIN_GROUP),
            partial(oracle.groups_by_sql, cases, group=group, min_group=MIN_GROUP),
        )
    results = {}
    for name, (cells, kernels, finish, sql) in parts.items():
        start = time.perf_counter()
        sql()
        results[name] = {"duckdb_seconds": time.perf_counter() - start} | measure_table(cells, kernels, finish)
    return results


def _cut(batch: pa.RecordBatch) -> Batches:
    return [batch.slice(start, BATCH_ROWS) for start in range(0, batch.num_rows, BATCH_ROWS)]


def main() -> None:
    """Measure, print, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=250_000)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/aggregates.json"))
    options = parser.parse_args()
    pa.set_cpu_count(1)
    cases = factories.random_cases(1, options.cases, days=DAYS)
    messages = factories.random_messages(1, options.messages, days=DAYS)
    # Shards of whole customers; a customer has 2.5 spells.
    shards, customers = 64, options.cases * 2 // 5
    journeys = [factories.random_journeys(seed, customers // shards, days=DAYS) for seed in range(shards)]
    journeys = [_rename(batch, shard) for shard, batch in enumerate(journeys)]
    tables = measure_all(cases, messages, journeys)
    figures = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, Python {platform.python_version()}, pyarrow {pa.__version__}",
        "cases": cases.num_rows,
        "messages": messages.num_rows,
        "spells": sum(batch.num_rows for batch in journeys),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "tables": {
            name: {figure: round(value, 4) for figure, value in table.items()} for name, table in tables.items()
        },
    }
    options.out.write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))


def _rename(batch: pa.RecordBatch, shard: int) -> pa.RecordBatch:
    keys = pc.binary_join_element_wise(batch["customer_key"], str(shard), "-")
    return batch.set_column(0, batch.schema.field(0), keys)


if __name__ == "__main__":
    main()

"""Measure how fast labelled messages become cases, on one thread, whole and in shards.

Run from the repository's root: python -m benchmarks.measure_cases [--cases 250000] [--shards 64]
Writes benchmarks/results/cases.json. CPU seconds are given beside wall seconds, for machines with neighbours.
"""

import argparse
import cProfile
import json
import platform
import pstats
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pyarrow as pa

from schemas.policy import Policy, Schedule, Target
from tests.transforms.build_cases.worlds import random_world
from transforms.build_cases import build_cases

POLICY = Policy(
    schedule=Schedule(zone="Europe/Berlin", holidays="DE-BY"),
    targets=(
        Target(date(2024, 1, 1), None, 3600, 86_400, "business"),
        Target(date(2024, 1, 1), "high", 1800, 8 * 86_400),
    ),
)
World = tuple[pa.RecordBatch, pa.RecordBatch]
build = partial(build_cases, policy=POLICY, every_case_is_a_complaint=False, run_at=datetime(2024, 6, 1, tzinfo=UTC))


def measure(worlds: list[World], repeats: int = 3) -> dict[str, float]:
    """The best of some runs over the worlds."""
    messages = sum(world[0].num_rows for world in worlds)
    wall, cpu = min(_time(partial(_build_all, worlds)) for _ in range(repeats))
    return {
        "messages": messages,
        "changes": sum(world[1].num_rows for world in worlds),
        "wall_seconds": round(wall, 3),
        "cpu_seconds": round(cpu, 3),
        "messages_a_cpu_second": round(messages / cpu),
    }


def find_top_costs(world: World, places: int = 8) -> dict[str, float]:
    """Seconds within each of the functions that cost most, those that they call included."""
    profile = cProfile.Profile()
    profile.runcall(build, *world)
    costs = {
        name: cumulative
        for (file, _, name), (_, _, _, cumulative, _) in pstats.Stats(profile).stats.items()  # type: ignore[attr-defined]
        if "transforms/build_cases" in file and name != "build_cases"
    }
    return dict(sorted(costs.items(), key=lambda cost: -cost[1])[:places])


def _build_all(worlds: list[World]) -> None:
    for world in worlds:
        build(*world)


def _time(work: Callable[[], None]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    """Measure, print, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=250_000)
    parser.add_argument("--shards", type=int, default=64)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/cases.json"))
    options = parser.parse_args()
    pa.set_cpu_count(1)
    messages, changes = random_world(1, options.cases)
    shards = [random_world(seed, options.cases // options.shards) for seed in range(options.shards)]
    figures = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, Python {platform.python_version()}, pyarrow {pa.__version__}",
        "cases": options.cases,
        "with_changes": measure([(messages, changes)]),
        "without_changes": measure([(messages, changes.slice(0, 0))]),
        f"in_{options.shards}_shards": measure(shards),
        "top_costs_seconds": {name: round(cost, 3) for name, cost in find_top_costs((messages, changes)).items()},
    }
    options.out.write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()

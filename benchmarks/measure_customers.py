"""Measure how fast customers are followed, on one thread: all at once, in shards, and one with 50,000 cases.

Run from the repository's root: python -m benchmarks.measure_customers [--cases 250000]
There are 2 messages, 1.6 events and 0.4 customers a case. Writes benchmarks/results/customers.json.
"""

import argparse
import json
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from schemas.cases import BUILT_CASES
from schemas.contract import Contract
from schemas.events import EVENT_KINDS, EVENTS
from schemas.labels import SIGNALS, STATES
from schemas.moments import MOMENTS
from schemas.policy import Policy
from schemas.profiles import PROFILES
from schemas.surveys import SURVEYS
from transforms.describe_customers import describe_customers
from transforms.follow_history import follow_history
from transforms.follow_journeys import follow_journeys
from transforms.measure_outcomes import measure_outcomes
from transforms.split_shards import split_shards

START, DAYS = datetime(2024, 1, 1, tzinfo=UTC), 365
UNTIL = START + timedelta(days=DAYS + 20)
_DAY_US = 86_400_000_000
_KEYS = ("customer_key", "customer_key", "customer_id", "customer_id", "customer_id")


@dataclass(frozen=True)
class Shard:
    """The rows of some customers."""

    cases: pa.RecordBatch
    moments: pa.RecordBatch
    events: pa.RecordBatch
    surveys: pa.RecordBatch
    profiles: pa.RecordBatch

    def split(self) -> list["Shard"]:
        """Cut as the night does."""
        parts = [
            dict(split_shards(batch, columns=(key,))) for key, batch in zip(_KEYS, vars(self).values(), strict=True)
        ]
        return [Shard(*(part[shard] for part in parts)) for shard in parts[0]]


def _times(days: np.ndarray) -> pa.Array:
    micros = int(START.timestamp()) * 1_000_000 + (days * _DAY_US).astype(np.int64)
    return pa.array(micros).cast(pa.timestamp("us", tz="UTC"))


def _fill(contract: Contract, rows: int, **columns: pa.Array) -> pa.RecordBatch:
    """A batch of these columns; what may be null is, the rest is empty."""
    empty = {pa.string(): "", pa.int64(): 1, pa.bool_(): False, pa.list_(pa.string()): []}
    arrays = [
        columns[field.name].cast(field.type)
        if field.name in columns
        else pa.nulls(rows, field.type)
        if field.nullable
        else pa.array([empty[field.type]] * rows, field.type)
        for field in contract.columns
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=contract.schema)


def make_shard(cases: int, customers: int, seed: int = 1) -> Shard:
    """Random rows; ids are as long as pseudonyms."""
    rng = np.random.default_rng(seed)

    def name(numbers: np.ndarray) -> pa.Array:
        return pa.array([f"{number * 2654435761:032x}" for number in numbers.tolist()])

    def pick(values: tuple[str, ...], rows: int) -> pa.Array:
        return pa.array(values).take(pa.array(rng.integers(0, len(values), rows)))

    moments, events, surveys = cases * 2, cases * 8 // 5, cases // 5
    opened, key = rng.random(cases) * DAYS, name(rng.integers(0, customers, cases))
    about, case_id = rng.integers(0, cases, moments), name(rng.permutation(cases))
    score = np.round(rng.random(cases) * 2 - 1, 4)
    ends = np.cumsum(np.append(0, rng.integers(0, 2, moments))).astype(np.int32)
    return Shard(
        _fill(
            BUILT_CASES, cases, case_id=case_id, customer_key=key, opened_at=_times(opened),
            landmark_at=_times(opened + 14), opened_by=pa.array(["customer"] * cases),
            is_complaint=pa.array(rng.random(cases) < 0.7), complained_at=_times(opened),
            touchpoint=pick(("a", "b", "c"), cases), recovery_grade=pick(("none", "full"), cases),
            state_close=pick(STATES, cases), experience_score=pa.array(score.astype(np.float32)),
            first_reply_at=_times(opened + rng.random(cases)),
            validity=pick(("upheld", "unknown"), cases),
        ),
        _fill(
            MOMENTS, moments, customer_key=key.take(pa.array(about)), case_id=case_id.take(pa.array(about)),
            message_id=name(rng.permutation(moments)),
            sent_at=_times(opened[about] + rng.random(moments) * 10),
            channel=pick(("mail", "chat"), moments), state=pick(STATES, moments),
            signals=pa.ListArray.from_arrays(ends, pick(SIGNALS, int(ends[-1]))),
            experience_score=pa.array(rng.random(moments)),
        ),
        _fill(
            EVENTS, events, event_id=name(rng.permutation(events)), kind=pick(EVENT_KINDS, events),
            customer_id=name(rng.integers(0, customers, events)),
            occurred_at=_times(rng.random(events) * DAYS),
            amount=pa.array(np.round(rng.random(events) * 99, 2)),
        ),
        _fill(
            SURVEYS, surveys, customer_id=name(rng.integers(0, customers, surveys)),
            kind=pick(("csat", "nps"), surveys),
            conversation_id=case_id.take(pa.array(rng.integers(0, cases, surveys))),
            score=pa.array(rng.integers(1, 6, surveys)), answered_at=_times(rng.random(surveys) * DAYS),
        ),
        _fill(
            PROFILES, customers, customer_id=name(np.arange(customers)), segment=pick(("a", "b"), customers),
            since=_times(-rng.random(customers) * 1000), value=pa.array(rng.random(customers) * 100),
        ),
    )  # fmt: skip


def measure(shards: list[Shard]) -> dict[str, float]:
    """CPU seconds of each kernel, and cases a CPU second of all of them."""
    seconds: dict[str, float] = {}

    def timed(work: Callable[[], pa.RecordBatch]) -> pa.RecordBatch:
        began = time.process_time()
        found = work()
        name = work.func.__name__ if isinstance(work, partial) else ""
        seconds[name] = seconds.get(name, 0.0) + time.process_time() - began
        return found

    spans = {"messages_until": UNTIL, "events_from": START, "events_until": UNTIL}
    for shard in shards:
        history = timed(partial(follow_history, shard.cases, shard.profiles, policy=Policy()))
        cases = timed(partial(measure_outcomes, history, shard.events, shard.surveys, shard.moments, **spans))
        journeys = timed(partial(follow_journeys, shard.moments, cases, shard.profiles, until=UNTIL))
        timed(partial(describe_customers, cases, journeys, shard.moments, shard.profiles, company_average=0.0))
    rows = sum(shard.cases.num_rows for shard in shards)
    rate = rows / sum(seconds.values())
    return {name: round(spent, 3) for name, spent in seconds.items()} | {"cases_a_cpu_second": round(rate)}


def main() -> None:
    """Measure, print, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=250_000)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/customers.json"))
    options = parser.parse_args()
    pa.set_cpu_count(1)
    whole = make_shard(options.cases, options.cases * 2 // 5)
    figures = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, Python {platform.python_version()}, pyarrow {pa.__version__}",
        "cases": options.cases,
        "all_at_once": measure([whole]),
        "in_shards": measure(whole.split()),
        "one_customer_with_a_fifth_of_the_cases": measure([make_shard(options.cases // 5, 1)]),
    }
    options.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()

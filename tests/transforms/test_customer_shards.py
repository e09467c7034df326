"""The customer's kernels together: they give the same rows in any order of the input and in any shards."""

import random
from itertools import chain
from operator import itemgetter

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.customer_worlds import Row, World, random_world, run_kernels, run_world

KEYS = {"cases": ("case_id",), "journeys": ("customer_key", "spell_number"), "customers": ("customer_key",)}


def run_in_shards(world: World, shards: list[set[str | None]], average: float) -> dict[str, list[Row]]:
    """Run each shard on its own and put the rows together in the order of their key."""
    parts = [run_world(world.part(shard), average) for shard in shards]
    merged = {}
    for table, key in KEYS.items():
        rows = chain.from_iterable(part[table] for part in parts)
        merged[table] = sorted(rows, key=itemgetter(*key))
    return merged


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_order_and_shards_change_nothing(seed: int, shuffling: int) -> None:
    world = random_world(seed)
    whole = run_world(world, 0.1)
    assert run_world(world.shuffle(shuffling), 0.1) == whole
    rng = random.Random(shuffling)
    shards: list[set[str | None]] = [set(), set(), set()]
    for customer in (None, "k0", "k1", "k2", "k3", "silent"):
        rng.choice(shards).add(customer)
    assert run_in_shards(world.shuffle(shuffling), shards, 0.1) == whole


@pytest.mark.parametrize("customers", [1, 4])
def test_the_sums_of_a_customer_are_those_of_the_cases(customers: int) -> None:
    for seed in range(20):
        tables = run_world(random_world(seed, customers))
        known = [row for row in tables["cases"] if row["customer_key"]]
        assert sum(row["cases"] for row in tables["customers"]) == len(known)
        spells = [row for row in tables["journeys"] if row["is_censored"]]
        assert {row["customer_key"] for row in spells} <= {row["customer_key"] for row in tables["customers"]}
        for before, after in zip(tables["journeys"], tables["journeys"][1:], strict=False):
            if before["customer_key"] == after["customer_key"]:
                assert before["ended_at"] == after["started_at"]
                assert before["state"] != after["state"]


def test_the_kernels_run_in_beam() -> None:
    world = random_world(4)
    shards = [world.part({customer}) for customer in (None, "k0", "k1", "k2", "k3", "silent")]
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        tables = pipeline | beam.Create([shard.batches() for shard in shards]) | beam.MapTuple(run_kernels, 0.1)
        for name, wanted in run_world(world, 0.1).items():
            rows = tables | f"Take {name}" >> beam.FlatMap(lambda tables, name=name: tables[name])
            assert_that(rows, equal_to(wanted), label=name)

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from schemas.identities import IDENTITIES
from tests.transforms.cutting import CUTS, SEEDS, cut_rows
from transforms.resolve_identities import (
    ResolveIdentities,
    count_conflicts,
    merge_identities,
    resolve_identities,
)


def identities(*pairs: tuple[str, str]) -> pa.RecordBatch:
    rows = [{"channel_customer_id": channel, "customer_id": customer} for channel, customer in pairs]
    return pa.RecordBatch.from_pylist(rows, schema=IDENTITIES.schema)


def messages(*ids: str | None) -> pa.RecordBatch:
    return pa.record_batch({"row": pa.array(range(len(ids)), pa.int64()), "customer_id": pa.array(ids, pa.string())})


KNOWN = merge_identities([identities(("tw-1", "c1"), ("mail-1", "c1"), ("tw-2", "c2"), ("c1", "c9"))])


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        pytest.param(["tw-1", "mail-1"], ["c1", "c1"], id="two channels, one customer"),
        pytest.param(["tw-7"], ["tw-7"], id="an unknown id stays"),
        pytest.param([None, "tw-2", None], [None, "c2", None], id="null stays null"),
        pytest.param(["c1"], ["c9"], id="one step: what tw-1 yields is not looked up again"),
        pytest.param([], [], id="no rows"),
        pytest.param([None, None], [None, None], id="all null"),
    ],
)
def test_resolve_identities(ids: list[str | None], expected: list[str | None]) -> None:
    resolved = resolve_identities(messages(*ids), KNOWN)
    assert resolved.schema == messages().schema
    assert resolved["customer_id"].to_pylist() == expected
    assert resolved["row"].to_pylist() == list(range(len(ids)))


def test_sliced_batch() -> None:
    batch = messages("tw-1", "tw-2", None, "tw-1").slice(1, 2)
    assert resolve_identities(batch, KNOWN)["customer_id"].to_pylist() == ["c2", None]


def test_without_identities_nothing_changes() -> None:
    batch = messages("a", None)
    assert resolve_identities(batch, merge_identities([])).equals(batch)


def test_the_smallest_of_conflicting_customers_stands() -> None:
    merged = merge_identities([identities(("x", "c2"), ("y", "c3")), identities(("x", "c1"), ("y", "c3"))])
    assert merged.to_pylist() == [
        {"channel_customer_id": "x", "customer_id": "c1", "is_conflicting": True},
        {"channel_customer_id": "y", "customer_id": "c3", "is_conflicting": False},
    ]
    assert count_conflicts(merged) == 1


PAIRS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=12)


@given(PAIRS, CUTS, SEEDS, st.booleans())
def test_cut_order_and_grouping_do_not_matter(
    pairs: list[tuple[str, str]], cuts: list[int], seed: int, in_two: bool
) -> None:
    whole = merge_identities([identities(*pairs)])
    parts = cut_rows(identities(*pairs), cuts, seed)
    if in_two:
        parts = [merge_identities(parts[:1]), merge_identities(parts[1:])]
    assert merge_identities(parts).equals(whole)
    owners = {channel: sorted({owner for name, owner in pairs if name == channel}) for channel, _ in pairs}
    expected = [(channel, owners[channel][0], len(owners[channel]) > 1) for channel in sorted(owners)]
    assert [tuple(row.values()) for row in whole.to_pylist()] == expected


@pytest.mark.parametrize("known", [[], [identities(("tw-1", "c2")), identities(("tw-1", "c1"))]])
def test_pipeline(known: list[pa.RecordBatch]) -> None:
    expected = resolve_identities(messages("tw-1", None, "b"), merge_identities(known)).to_pylist()
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        sides = pipeline | "known" >> beam.Create(known, reshuffle=False).with_output_types(pa.RecordBatch)
        rows = (
            pipeline
            | beam.Create([messages("tw-1", None, "b")])
            | ResolveIdentities(sides)
            | beam.FlatMap(lambda batch: batch.to_pylist())
        )
        assert_that(rows, equal_to(expected))

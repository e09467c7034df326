import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.link_cases import CASES, LINKS, FindCases, SetCase, link_cases, set_case


def links_of(*pairs: tuple[str | None, str | None]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(LINKS.names, pair, strict=True)) for pair in pairs], schema=LINKS)


@pytest.mark.parametrize(
    ("links", "cases"),
    [
        ([], {}),
        ([("b", "a")], {"b": "a"}),
        ([("c", "b"), ("b", "a")], {"b": "a", "c": "a"}),
        ([("a", "z")], {"a": "z"}),  # the root, not the smallest
        ([("c", "b"), ("c", "a")], {"b": "a", "c": "a"}),  # two roots: the smaller
        ([("b", "a"), ("a", "b")], {"b": "a"}),  # a circle
        ([("d", "c"), ("c", "b"), ("b", "c")], {"c": "b", "d": "b"}),
        ([("a", "a")], {}),
        ([("b", "a"), ("b", "a")], {"b": "a"}),
        ([("b", None), (None, "a")], {}),
    ],
)
def test_cases_of_links(links, cases):
    table = link_cases(links_of(*links))
    assert table.schema == CASES
    assert dict(zip(*table.to_pydict().values(), strict=True)) == cases
    assert table["conversation_id"].to_pylist() == sorted(cases)


def brute_force(links: list[tuple[str, str]]) -> dict[str, str]:
    groups: dict[str, set[str]] = {}
    for pair in links:
        merged = set(pair).union(*(groups.get(end, {end}) for end in pair))
        groups |= dict.fromkeys(merged, merged)
    linking = {source for source, target in links if source != target}
    cases = {end: min(group - linking or group) for end, group in groups.items()}
    return {end: case for end, case in cases.items() if end != case}


IDS = st.sampled_from([*"abcdefgh"])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(IDS, IDS), max_size=12), st.randoms())
def test_a_union_of_sets_gives_the_same(links, random):
    expected = brute_force(links)
    assert dict(zip(*link_cases(links_of(*links)).to_pydict().values(), strict=True)) == expected
    shuffled = random.sample(links, len(links))
    assert link_cases(links_of(*shuffled)).equals(link_cases(links_of(*links)))


def messages(*pairs: tuple[str, str | None]) -> pa.RecordBatch:
    ids, linked = ([pair[at] for pair in pairs] for at in (0, 1))
    return pa.record_batch({"conversation_id": pa.array(ids, pa.string()), "linked_id": pa.array(linked, pa.string())})


def test_edge_batches():
    empty = pa.RecordBatch.from_pylist([], schema=CASES)
    assert set_case(messages(), empty)["case_id"].to_pylist() == []
    assert set_case(messages(("a", None), ("b", None)).slice(1), empty)["case_id"].to_pylist() == ["b"]


def test_the_case_stands_beside_the_conversation_or_in_its_place_and_nulls_stay():
    cases = pa.RecordBatch.from_pylist([{"conversation_id": "b", "case_id": "a"}], schema=CASES)
    ids = pa.record_batch({"x": [1, 2, 3], "conversation_id": pa.array(["b", None, "c"])})
    case = ["a", None, "c"]
    assert set_case(ids, cases).to_pydict() == {**ids.to_pydict(), "case_id": case}
    assert set_case(ids, cases, "conversation_id").to_pydict() == {"x": [1, 2, 3], "conversation_id": case}
    parts = [set_case(ids.slice(0, 1), cases), set_case(ids.slice(1), cases)]
    assert [case for part in parts for case in part["case_id"].to_pylist()] == ["a", None, "c"]


@pytest.mark.parametrize(
    ("batches", "expected"),
    [
        (
            # `x` answers a tweet that is not in the export, which links nothing.
            [messages(("a", None), ("b", "a")), messages(("x", "gone"), ("y", "gone")), messages(("c", "b"))],
            ["a", "a", "a", "x", "y"],
        ),
        ([messages(("a", None)), messages()], ["a"]),
    ],
)
def test_the_pipeline(batches, expected):
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        rows = pipeline | beam.Create(batches)
        linked = rows | SetCase(rows | FindCases())
        assert_that(linked | beam.FlatMap(lambda batch: batch["case_id"].to_pylist()), equal_to(expected))

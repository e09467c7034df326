"""Link cases: threads that answer each other, or were merged, are one case.

The links and the ids at their ends are small and go to one worker; the messages stay where they are and get
their case from a side input. Without links nothing is gathered but empty tables.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.pvalue import AsSingleton, PCollection
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from schemas.types import TEXT

LINKS = pa.schema([("conversation_id", TEXT), ("linked_id", TEXT)])
CASES = pa.schema([("conversation_id", TEXT), ("case_id", TEXT)])
_IDS = pa.schema([("conversation_id", TEXT)])


def link_cases(links: pa.Table | pa.RecordBatch) -> pa.Table:
    """Find the case of each conversation that is linked.

    Args:
        links: `conversation_id`, `linked_id`: both are in the export; null, doubled and self links are passed
            over.

    Returns:
        `conversation_id`, `case_id`, in order of the first; only conversations whose case is another one. A
        case is named by the conversation in it that links to none; by the smallest id of those where there
        are several, and by the smallest of all where there is none, in a circle.
    """
    table = pa.table({name: links[name] for name in LINKS.names})
    is_link = pc.not_equal(table["conversation_id"], table["linked_id"])
    table = table.filter(pc.fill_null(is_link, False))
    if not len(table):
        return CASES.empty_table()
    ends = pa.chunked_array([*table["conversation_id"].chunks, *table["linked_id"].chunks]).combine_chunks()
    ids = pc.unique(ends)
    ids = ids.take(pc.sort_indices(ids))  # so that a smaller number is a smaller id
    sources, targets = (np.asarray(pc.index_in(table[name].combine_chunks(), value_set=ids)) for name in LINKS.names)
    graph = coo_array((np.ones(len(sources), dtype=np.int8), (sources, targets)), shape=(len(ids), len(ids)))
    count, component = connected_components(graph, directed=False)
    has_link = np.zeros(len(ids), dtype=bool)
    has_link[sources] = True
    # Going backwards, the smallest writes last: any id first, then those that link to none.
    root = np.zeros(count, dtype=np.int64)
    for candidates in (np.arange(len(ids)), np.flatnonzero(~has_link)):
        root[component[candidates][::-1]] = candidates[::-1]
    roots = root[component]
    moved = np.flatnonzero(roots != np.arange(len(ids)))
    return pa.Table.from_arrays([ids.take(pa.array(moved)), ids.take(pa.array(roots[moved]))], schema=CASES)


def select_links(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The links of a batch, each once."""
    table = pa.Table.from_batches([batch.select(LINKS.names)])
    linked = table.filter(pc.is_valid(table["linked_id"]))
    return _distinct([linked], LINKS)


def select_targets(batch: pa.RecordBatch, links: pa.RecordBatch) -> pa.RecordBatch:
    """The conversations of a batch that a link points to, each once."""
    ids = batch.select(_IDS.names)
    is_target = pc.is_in(ids["conversation_id"], value_set=links["linked_id"])
    return _distinct([pa.Table.from_batches([ids.filter(is_target)])], _IDS)


def keep_links(links: pa.RecordBatch, targets: pa.RecordBatch) -> pa.RecordBatch:
    """The links whose target is in the export; the others point nowhere."""
    return links.filter(pc.is_in(links["linked_id"], value_set=targets["conversation_id"]))


def set_case(batch: pa.RecordBatch, cases: pa.RecordBatch, name: str = "case_id") -> pa.RecordBatch:
    """Say the case of each row: the linked one where there is one, else the conversation itself.

    Args:
        batch: Any columns with `conversation_id`.
        cases: Columns of `CASES`.
        name: The column that holds the case; one that is there already is replaced.
    """
    ids = batch["conversation_id"]
    # The hash table is built over the batch, which is small, not over all cases for each batch.
    known = cases.filter(pc.is_in(cases["conversation_id"], value_set=pc.unique(ids)))
    places = pc.index_in(ids, value_set=known["conversation_id"])
    found = pc.coalesce(known["case_id"].take(places), ids)
    index = batch.schema.get_field_index(name)
    if index >= 0:
        return batch.set_column(index, batch.schema.field(index), found)
    return batch.append_column(batch.schema.field("conversation_id").with_name(name), found)


def _distinct(parts: Iterable[pa.Table], schema: pa.Schema) -> pa.RecordBatch:
    whole = pa.concat_tables([schema.empty_table(), *(part.cast(schema) for part in parts)])
    rows = whole.group_by(schema.names).aggregate([]).sort_by([(name, "ascending") for name in schema.names])
    return pa.RecordBatch.from_arrays([column.combine_chunks() for column in rows.columns], schema=schema)


@dataclass(eq=False)
class FindCases(beam.PTransform):
    """Turn batches of messages into the one batch of `CASES`: the conversations whose case is another one."""

    def expand(self, messages: PCollection[pa.RecordBatch]) -> PCollection[pa.RecordBatch]:
        """Gather the links and their targets, then find the cases."""
        links = (
            messages
            | "Select links" >> beam.Map(select_links)
            | "Gather links" >> beam.CombineGlobally(_GatherDistinct(LINKS))
        )
        targets = (
            messages
            | "Select targets" >> beam.Map(select_targets, AsSingleton(links))
            | "Gather targets" >> beam.CombineGlobally(_GatherDistinct(_IDS))
        )
        return links | "Find cases" >> beam.Map(_find_cases, AsSingleton(targets)).with_output_types(pa.RecordBatch)


@dataclass(eq=False)
class SetCase(beam.PTransform):
    """Say the case of messages, changes or surveys.

    Attributes:
        cases: What `FindCases` gives.
        name: The column that holds the case; one that is there already is replaced.
    """

    cases: PCollection[pa.RecordBatch]
    name: str = "case_id"

    def expand(self, rows: PCollection[pa.RecordBatch]) -> PCollection[pa.RecordBatch]:
        """Look each batch up in the cases."""
        return rows | "Set case" >> beam.Map(set_case, AsSingleton(self.cases), self.name).with_output_types(
            pa.RecordBatch
        )


def _find_cases(links: pa.RecordBatch, targets: pa.RecordBatch) -> pa.RecordBatch:
    columns = link_cases(keep_links(links, targets)).combine_chunks().columns
    return pa.RecordBatch.from_arrays([column.combine_chunks() for column in columns], schema=CASES)


class _GatherDistinct(beam.CombineFn):
    """Puts small batches together, each row once; adding is only noting, so that it stays linear."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema

    def create_accumulator(self) -> list[pa.RecordBatch]:
        return []

    def add_input(self, parts: list[pa.RecordBatch], batch: pa.RecordBatch) -> list[pa.RecordBatch]:
        return [*parts, batch] if len(batch) else parts

    def merge_accumulators(self, gathered: Iterable[list[pa.RecordBatch]]) -> list[pa.RecordBatch]:
        return self.compact([part for parts in gathered for part in parts])

    def compact(self, parts: list[pa.RecordBatch]) -> list[pa.RecordBatch]:
        """One batch instead of many, before it travels."""
        return [_distinct([pa.Table.from_batches([part]) for part in parts], self._schema)] if parts else []

    def extract_output(self, parts: list[pa.RecordBatch]) -> pa.RecordBatch:
        return _distinct([pa.Table.from_batches([part]) for part in parts], self._schema)

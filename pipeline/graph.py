"""The night as one graph: exports in, staged tables out. Read it from top to bottom."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

import apache_beam as beam
import pyarrow as pa
from apache_beam.ml.inference.base import ModelHandler
from apache_beam.pvalue import AsSingleton, PCollection

from models.languages import detect_languages
from pipeline.config import INPUTS, Job
from pipeline.customers import FollowCustomers
from pipeline.summaries import summarise
from schemas.case_changes import LINKED_CHANGES
from schemas.check_batch import one_batch
from schemas.messages import MESSAGES
from schemas.quality_cells import QUALITY_CELLS
from schemas.sources.rules import Source
from schemas.tables import TABLES
from transforms.average_experience import AverageExperience
from transforms.build_cases import BuildCases
from transforms.combine_cells import CombineCells
from transforms.count_quality import count_cases, count_labels, quality_from_cells
from transforms.count_rows import count_gathered, count_read
from transforms.detect_language import DetectLanguage
from transforms.extract_moments import ExtractMoments
from transforms.gather_messages import GatherMessages, keep_gathered, reject_gathered
from transforms.label_messages import LabelMessages
from transforms.link_cases import FindCases, SetCase
from transforms.measure_extent import MeasureExtent
from transforms.pseudonymise_ids import PseudonymiseChanges, PseudonymiseCustomers, PseudonymiseIds
from transforms.read_exports import ReadExports
from transforms.read_marks import KeepRows, RejectRows
from transforms.redact_text import RedactText
from transforms.resolve_identities import ResolveIdentities, conflict_cells, merge_identities
from transforms.split_shards import SplitShards
from transforms.stage_table import StageTable
from transforms.withhold_text import withhold_text

Batches = PCollection[pa.RecordBatch]


@dataclass(frozen=True)
class Night:
    """All that the graph needs to know.

    Attributes:
        job: What is asked for.
        source: How the exports are laid out.
        readers: The inputs that there are, ready to be read.
        classifier: The model behind Beam's handler.
        key: The key of the pseudonyms.
        staging: Folder for what the workers write.
    """

    job: Job
    source: Source
    readers: Mapping[str, ReadExports]
    classifier: ModelHandler
    key: bytes = field(repr=False)
    staging: str


def build_tables(begin: beam.Pipeline, night: Night) -> PCollection[tuple[str, str]]:
    """Wire the whole night.

    Returns:
        (table, path) of each staged batch of each table of the lake.
    """
    read = {name: begin | f"Read {name}" >> _read(night, name) for name in INPUTS}
    gathered = _gather(read, night)
    messages = (
        gathered["messages"]
        | "Keep gathered" >> beam.Map(keep_gathered).with_output_types(pa.RecordBatch)
        | "Label" >> LabelMessages(night.classifier)
    )
    light = messages | "Leave the text" >> beam.Map(withhold_text).with_output_types(pa.RecordBatch)
    cases = _build_cases(light, gathered["changes"], night)
    followed = _follow(cases, light, gathered, night)
    tables = {
        "messages": messages if night.job.store_text else light,
        **followed,
        **summarise(light, followed, night.job),
        "rejects": _reject(read, gathered["messages"]),
        "quality": _count(read, gathered, messages, followed["cases"]),
    }
    return [
        batches | f"Write {name}" >> StageTable(TABLES[name], night.staging) for name, batches in tables.items()
    ] | "All files" >> beam.Flatten()


def _read(night: Night, name: str) -> beam.PTransform:
    """Read an input; one that was not given has no rows."""
    if name in night.readers:
        return night.readers[name]
    return beam.Create([], reshuffle=False).with_output_types(pa.RecordBatch)


def _gather(read: Mapping[str, Batches], night: Night) -> dict[str, Batches]:
    """Clean all inputs: one id per customer, no personal data, messages together by case."""
    kept = {name: rows | f"Keep {name}" >> KeepRows(name) for name, rows in read.items()}
    cases = kept["messages"] | "Find cases" >> FindCases()
    customers = {
        name: kept[name]
        | f"Resolve {name}" >> ResolveIdentities(kept["identities"])
        | f"Pseudonymise {name}" >> PseudonymiseCustomers(night.key)
        for name in ("events", "surveys", "customers")
    }
    return customers | {
        "identities": kept["identities"],
        "surveys": customers["surveys"] | "Case of surveys" >> SetCase(cases, name="conversation_id"),
        "changes": kept["changes"]
        | "Case of changes" >> SetCase(cases)
        | "Pseudonymise changes" >> PseudonymiseChanges(night.key),
        "messages": kept["messages"]
        | "Case of messages" >> SetCase(cases)
        | "Resolve messages" >> ResolveIdentities(kept["identities"])
        | "Redact" >> RedactText()
        | "Pseudonymise messages" >> PseudonymiseIds(night.key)
        | "Detect language" >> DetectLanguage(detect_languages)
        | "Split messages" >> SplitShards(("case_id",))
        | "Gather" >> GatherMessages(run_at=night.job.run_at, has_content_ids=night.source.messages.id_from_content),
    }


def _build_cases(messages: Batches, changes: Batches, night: Night) -> Batches:
    """Build the cases of each shard from its messages and changes."""
    shards = {
        "messages": messages | "Split labelled" >> SplitShards(("case_id",)),
        "changes": changes | "Split changes" >> SplitShards(("case_id",)),
    }
    return (
        shards
        | "Bring together" >> beam.CoGroupByKey()
        | "As two batches" >> beam.MapTuple(_as_two).with_output_types(_Shard)
        | "Build cases"
        >> BuildCases(
            policy=night.job.policy,
            every_case_is_a_complaint=night.source.every_conversation_is_a_complaint,
            run_at=night.job.run_at,
        )
    )


_Shard = tuple[int, tuple[pa.RecordBatch, pa.RecordBatch]]


def _as_two(shard: int, grouped: Mapping[str, Iterable[pa.RecordBatch]]) -> _Shard:
    messages = one_batch(list(grouped["messages"]), MESSAGES.schema)
    return shard, (messages, one_batch(list(grouped["changes"]), LINKED_CHANGES))


def _follow(cases: Batches, messages: Batches, gathered: Mapping[str, Batches], night: Night) -> dict[str, Batches]:
    """Follow the customers: full cases, journeys, customers."""
    inputs = {
        "cases": cases,
        "moments": messages | "Moments" >> ExtractMoments(),
        **{name: gathered[name] for name in ("events", "surveys", "customers")},
    }
    tagged = inputs | "Follow" >> FollowCustomers(
        policy=night.job.policy,
        run_at=night.job.run_at,
        messages_extent=AsSingleton(messages | "Messages reach" >> MeasureExtent("sent_at")),
        events_extent=AsSingleton(gathered["events"] | "Events reach" >> MeasureExtent("occurred_at")),
        average=AsSingleton(cases | "Average" >> AverageExperience()),
    )
    return {
        name: tagged | f"Only {name}" >> beam.FlatMap(_only, name).with_output_types(pa.RecordBatch)
        for name in ("cases", "journeys", "customers")
    }


def _only(tagged: tuple[str, pa.RecordBatch], name: str) -> Iterable[pa.RecordBatch]:
    return [tagged[1]] if tagged[0] == name else []


def _reject(read: Mapping[str, Batches], gathered: Batches) -> Batches:
    """All rejected rows: those that the readers marked, then those that show among a case's messages."""
    rejects = [rows | f"Reject {name}" >> RejectRows(name) for name, rows in read.items()]
    late = gathered | "Reject gathered" >> beam.Map(reject_gathered).with_output_types(pa.RecordBatch)
    return [*rejects, late] | "All rejects" >> beam.Flatten()


def _count(read: Mapping[str, Batches], gathered: Mapping[str, Batches], messages: Batches, cases: Batches) -> Batches:
    """All counters of the run."""
    counts = [rows | f"Count {name}" >> beam.Map(partial(count_read, input_name=name)) for name, rows in read.items()]
    counts += [
        gathered["messages"] | "Count gathered" >> beam.Map(count_gathered),
        gathered["identities"]
        | "Merge identities" >> beam.CombineGlobally(merge_identities)
        | "Count conflicts" >> beam.Map(conflict_cells),
        messages | "Count labels" >> beam.Map(count_labels),
        cases | "Count cases" >> beam.Map(count_cases),
    ]
    return (
        counts
        | "All counts" >> beam.Flatten()
        | "Add up" >> CombineCells(QUALITY_CELLS)
        | "Quality" >> beam.Map(quality_from_cells).with_output_types(pa.RecordBatch)
    )

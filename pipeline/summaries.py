"""The aggregate tables: each from cells that add up."""

from collections.abc import Mapping
from functools import partial

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import AsSingleton, PCollection

from pipeline.config import Job
from transforms.combine_cells import CombineCells, SummariseCells
from transforms.compare_recovery import RECOVERY_CELLS, recovery_cells, recovery_from_cells
from transforms.count_transitions import TRANSITION_CELLS, transition_cells, transitions_from_cells
from transforms.measure_extent import Extent, MeasureExtent
from transforms.summarise_days import DAY_CELLS, case_day_cells, days_from_cells, message_day_cells
from transforms.summarise_groups import GROUP_CELLS, group_cells, groups_from_cells

Batches = PCollection[pa.RecordBatch]

_GROUPS = {"touchpoints": "touchpoint", "channels": "channel", "teams": "team"}


def summarise(messages: Batches, followed: Mapping[str, Batches], job: Job) -> dict[str, Batches]:
    """Make every aggregate table.

    Args:
        messages: Labelled messages.
        followed: `cases` and `journeys`.
        job: For the minimum group size and the end of the data where there is none.
    """
    cases, min_group = followed["cases"], job.policy.min_group
    return {
        "recovery_loyalty": cases
        | "Recovery and loyalty"
        >> SummariseCells(RECOVERY_CELLS, recovery_cells, partial(recovery_from_cells, min_group=min_group)),
        "sentiment_daily": _summarise_days(messages, cases),
        "state_transitions": _summarise_weeks(messages, followed["journeys"], job),
        **{
            table: cases
            | f"By {group}"
            >> SummariseCells(
                GROUP_CELLS,
                partial(group_cells, group=group),
                partial(groups_from_cells, group=group, min_group=min_group),
            )
            for table, group in _GROUPS.items()
        },
    }


def _summarise_days(messages: Batches, cases: Batches) -> Batches:
    days = (
        messages | "Days of messages" >> beam.Map(message_day_cells).with_output_types(pa.RecordBatch),
        cases | "Days of cases" >> beam.Map(case_day_cells).with_output_types(pa.RecordBatch),
    )
    return (
        days
        | "All days" >> beam.Flatten()
        | "Add up days" >> CombineCells(DAY_CELLS)
        | "Days" >> beam.Map(days_from_cells).with_output_types(pa.RecordBatch)
    )


def _summarise_weeks(messages: Batches, journeys: Batches, job: Job) -> Batches:
    reach = AsSingleton(messages | "Weeks reach" >> MeasureExtent("sent_at"))

    def finish(cells: pa.RecordBatch, extent: Extent) -> pa.RecordBatch:
        since, until = extent or (None, job.run_at)
        return transitions_from_cells(cells, since=since, until=until, min_group=job.policy.min_group)

    return (
        journeys
        | "Weeks" >> beam.Map(transition_cells).with_output_types(pa.RecordBatch)
        | "Add up weeks" >> CombineCells(TRANSITION_CELLS)
        | "Transitions" >> beam.Map(finish, reach).with_output_types(pa.RecordBatch)
    )

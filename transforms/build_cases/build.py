"""Build cases from labelled messages and changes: one row per case, as far as its own conversation tells."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.pvalue import PCollection

from schemas.arithmetic.arrays import is_true
from schemas.cases import BUILT_CASES
from schemas.errors import UsageError
from schemas.policy import Policy
from transforms.build_cases.clock import clock_cases, list_clocks
from transforms.build_cases.conversation import Conversations, read_conversations
from transforms.build_cases.count import count_work
from transforms.build_cases.decide import read_decisions
from transforms.build_cases.describe import describe_cases, describe_opening
from transforms.build_cases.feel import read_feelings
from transforms.build_cases.grade import grade_recovery
from transforms.build_cases.history import read_histories
from transforms.build_cases.promise import (
    check_promises,
    check_targets,
    find_promises,
    longest_business_target,
)
from transforms.build_cases.resolve import resolve_cases
from transforms.build_cases.working_time import WorkingTime, check_schedule, lay_out_around

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def build_cases(
    messages: pa.RecordBatch,
    changes: pa.RecordBatch,
    *,
    policy: Policy,
    every_case_is_a_complaint: bool,
    run_at: datetime,
) -> pa.RecordBatch:
    """Build one row per case.

    Args:
        messages: Columns of `MESSAGES`; ALL messages of each case in the batch. In the order of the contract
            they are read as they stand, in any other they are sorted first.
        changes: Columns of `CASE_CHANGES`, with `case_id` in place of `conversation_id`; all changes of those
            cases, in any order. Changes of other cases, and of after `run_at`, are passed over.
        policy: The company's rules.
        every_case_is_a_complaint: The source holds complaints only.
        run_at: The end of the run date, with its zone: "now" for what has not happened yet.

    Returns:
        Columns of `BUILT_CASES`, in order of `case_id`. The meaning of each is in docs/cases.md.

    Raises:
        UsageError: The policy breaks a rule.
    """
    check_targets(policy.targets)
    talk = read_conversations(messages)
    if not len(talk.cases):
        return BUILT_CASES.empty()
    now = (run_at - _EPOCH) // timedelta(microseconds=1)
    histories = read_histories(changes, talk.case_ids, now)
    ends = resolve_cases(talk, histories["status"])
    working_time = _lay_out(policy, talk, now)
    clocks = clock_cases(talk, ends, working_time)
    columns = describe_cases(talk, histories["team"], histories["priority"])
    columns |= describe_opening(
        talk,
        window_days=policy.recovery_window_days,
        every_case_is_a_complaint=every_case_is_a_complaint,
    )
    columns |= ends.columns | list_clocks(talk, clocks) | read_decisions(talk)
    columns |= count_work(talk, histories["assignee"])
    columns |= read_feelings(talk, ends.columns["status"])
    columns |= grade_recovery(talk, clocks, is_true(columns["is_complaint"]), policy)
    promises = find_promises(policy, columns["opened_at"], columns["priority"])
    columns |= check_promises(talk, ends, clocks, promises, working_time, now)
    schema = BUILT_CASES.schema
    return pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)


@dataclass(eq=False)
class BuildCases(beam.PTransform):
    """Build the cases of each shard.

    Attributes:
        policy: The company's rules.
        every_case_is_a_complaint: The source holds complaints only.
        run_at: The end of the run date, with its zone.
    """

    policy: Policy
    every_case_is_a_complaint: bool
    run_at: datetime

    def __post_init__(self) -> None:
        """Check the policy and the time before anything runs."""
        super().__init__()
        check_schedule(self.policy.schedule)
        check_targets(self.policy.targets)
        if self.run_at.utcoffset() is None:
            raise UsageError(f"run_at is {self.run_at}; it must carry its zone, such as +00:00")

    def expand(
        self, shards: PCollection[tuple[int, tuple[pa.RecordBatch, pa.RecordBatch]]]
    ) -> PCollection[pa.RecordBatch]:
        """Turn each shard of whole cases, its messages and its changes, into their rows."""
        return shards | "Build" >> beam.MapTuple(self._build).with_output_types(pa.RecordBatch)

    def _build(self, _: int, shard: tuple[pa.RecordBatch, pa.RecordBatch]) -> pa.RecordBatch:
        return build_cases(
            *shard,
            policy=self.policy,
            every_case_is_a_complaint=self.every_case_is_a_complaint,
            run_at=self.run_at,
        )


def _lay_out(policy: Policy, talk: Conversations, now: int) -> WorkingTime:
    """Lay the schedule out over all that happened in the shard, and on to the end of the longest target."""
    instants = np.array([talk.sent.min(), talk.sent.max(), now])
    return lay_out_around(policy.schedule, instants, target=longest_business_target(policy.targets))

"""From cases, moments and the customer exports, one customer's data together, to what became of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import AsSingleton, PCollection

from schemas.cases import BUILT_CASES
from schemas.check_batch import one_batch
from schemas.events import EVENTS
from schemas.moments import MOMENTS
from schemas.policy import Policy
from schemas.profiles import PROFILES
from schemas.surveys import SURVEYS
from transforms.describe_customers import describe_customers
from transforms.follow_history import follow_history
from transforms.follow_journeys import follow_journeys
from transforms.measure_extent import Extent, drop_later, limit_extent
from transforms.measure_outcomes import measure_outcomes
from transforms.split_shards import SplitShards

_CONTRACTS = {
    "cases": BUILT_CASES,
    "moments": MOMENTS,
    "events": EVENTS,
    "surveys": SURVEYS,
    "customers": PROFILES,
}
# A case of an unknown customer is still a case: it goes where its own id sends it.
_SHARD_BY = {
    "cases": ("customer_key", "case_id"),
    "moments": ("customer_key",),
    "events": ("customer_id",),
    "surveys": ("customer_id",),
    "customers": ("customer_id",),
}

Tagged = tuple[str, pa.RecordBatch]


@dataclass(eq=False)
class FollowCustomers(beam.PTransform):
    """Bring all of a customer's rows together and follow them; gives (table, batch) of three tables.

    Attributes:
        policy: The company's rules.
        run_at: The end of the run date; the end of the data where no message tells. What customers did or
            answered after it is passed over: that night could not know it.
        messages_extent: First and last message, as a side input.
        events_extent: First and last event, as a side input.
        average: Mean experience of the company, as a side input.
    """

    policy: Policy
    run_at: datetime
    messages_extent: AsSingleton
    events_extent: AsSingleton
    average: AsSingleton

    def expand(self, inputs: Mapping[str, PCollection[pa.RecordBatch]]) -> PCollection[Tagged]:
        """Co-group by shard of the customer, then follow each shard."""
        sharded = {name: inputs[name] | f"Split {name}" >> SplitShards(columns) for name, columns in _SHARD_BY.items()}
        return (
            sharded
            | "Bring together" >> beam.CoGroupByKey()
            | "Follow"
            >> beam.FlatMap(self._follow, self.messages_extent, self.events_extent, self.average).with_output_types(
                Tagged
            )
        )

    def _follow(
        self,
        shard: tuple[int, Mapping[str, Iterable[pa.RecordBatch]]],
        messages_extent: Extent,
        events_extent: Extent,
        average: float | None,
    ) -> Iterable[Tagged]:
        rows = {name: one_batch(list(shard[1][name]), found.schema) for name, found in _CONTRACTS.items()}
        moments, profiles = rows["moments"], rows["customers"]
        until = messages_extent[1] if messages_extent else self.run_at
        events_from, events_until = limit_extent(events_extent, until=self.run_at) or (None, None)
        history = follow_history(rows["cases"], profiles, policy=self.policy)
        cases = measure_outcomes(
            history,
            drop_later(rows["events"], column="occurred_at", until=self.run_at),
            drop_later(rows["surveys"], column="answered_at", until=self.run_at),
            moments,
            messages_until=until,
            events_from=events_from,
            events_until=events_until,
        )
        journeys = follow_journeys(moments, cases, profiles, until=until)
        yield "cases", cases
        yield "journeys", journeys
        yield "customers", describe_customers(cases, journeys, moments, profiles, company_average=average)

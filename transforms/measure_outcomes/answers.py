"""Answers: CSAT about a case and NPS after it. They are satisfaction, which is not loyalty."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arithmetic.arrays import NO_ROW, is_value, take_rows, to_micros
from schemas.arithmetic.timelines import DAY_US, number_owners, sort_timeline
from transforms.measure_outcomes.anchors import Anchors

NPS_DAYS = 180


def measure_answers(anchors: Anchors, cases: pa.RecordBatch, surveys: pa.RecordBatch) -> dict[str, pa.Array]:
    """Give `csat`, the last about each case, and `nps`, the first in (landmark, landmark + 180 days].

    Only answers of the case's own customer count: another's may lie in another shard.
    """
    order = [(name, "ascending") for name in ("answered_at", "score")]
    ordered = surveys.take(pc.sort_indices(surveys, sort_keys=order))
    owners = number_owners(ordered["customer_id"], anchors.customers)

    case_of = number_owners(ordered["conversation_id"], cases["case_id"])
    is_about = is_value(ordered["kind"], "csat") & (case_of != NO_ROW) & (owners != NO_ROW)
    rows = np.flatnonzero(is_about & (np.append(anchors.owners, NO_ROW)[case_of] == owners))
    csat = np.full(cases.num_rows, NO_ROW)
    csat[case_of[rows]] = rows  # in order of time, so that the last answer stays

    is_nps = is_value(ordered["kind"], "nps")
    timeline = sort_timeline(np.where(is_nps, owners, NO_ROW), to_micros(ordered["answered_at"]))
    at_landmark = timeline.count_until(anchors.owners, anchors.landmark)
    at_end = timeline.count_until(anchors.owners, anchors.landmark + NPS_DAYS * DAY_US)
    is_answered = anchors.is_owned & (at_end > at_landmark)
    nps = np.full(cases.num_rows, NO_ROW)
    nps[is_answered] = timeline.rows[at_landmark[is_answered]]
    return {"csat": take_rows(ordered["score"], csat), "nps": take_rows(ordered["score"], nps)}

"""What is true of each case: its grade, and its outcome under each grade."""

from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa

from demo.describe_cases import as_texts
from demo.follow_outcomes import potential_outcome
from demo.mechanism import SEGMENTS, Mechanism
from demo.name_ids import format_times, name_customers
from demo.scene import Scene
from demo.types import DAY, YEAR, Flags, Ints
from schemas.cases import GRADES
from schemas.labels import STATES
from schemas.policy import HORIZONS_DAYS
from schemas.raw_messages import SEVERITIES

OUTCOMES = ("came_back", "churned")
MEASURES = tuple(product(OUTCOMES, HORIZONS_DAYS))
TRUTH_COLUMNS = (
    "conversation_id",
    "customer_id",
    "script_id",
    "opened_at",
    "is_complaint",
    "is_settled",
    "recovery_grade",
    "failure_number",
    "segment",
    "severity",
    "tenure_years",
    "standing",
    "left_before_landmark",
    "state_close",
    *(f"has_{horizon}" for horizon in HORIZONS_DAYS),
    *(
        name
        for outcome, horizon in MEASURES
        for name in (f"{outcome}_{horizon}", *(f"{outcome}_{horizon}_{grade}" for grade in GRADES))
    ),
)


def describe_truth(scene: Scene, mechanism: Mechanism) -> pa.RecordBatch:
    """Describe each case: who, which script, the true grade and the outcome under each grade.

    Returns:
        One row a case, the columns of `TRUTH_COLUMNS`. `came_back_90_full` is the outcome at 90 days had
        the recovery been full, and `came_back_90` the one that came to be; `has_90` says that the
        horizon is over and the customer did not leave before the landmark. Talks have no grade and no
        outcomes.
    """
    cases, named = scene.cases, scene.cases.is_complaint
    left = scene.of_complaint(scene.customers.quits_at) < cases.landmark
    columns = {**_describe_cases(scene), "left_before_landmark": pa.array(left, mask=~named)}
    for horizon in HORIZONS_DAYS:
        columns[f"has_{horizon}"] = named & ~left & (cases.landmark + horizon * DAY <= scene.until)
    for (outcome, horizon), flags in _potential(scene, mechanism).items():
        actual = flags[scene.grade, np.arange(len(named))]
        columns[f"{outcome}_{horizon}"] = pa.array(actual, mask=~named)
        for number, name in enumerate(GRADES):
            columns[f"{outcome}_{horizon}_{name}"] = pa.array(flags[number], mask=~named)
    return pa.RecordBatch.from_pydict(columns).select(TRUTH_COLUMNS)


def _describe_cases(scene: Scene) -> dict[str, Any]:
    """What is known of the cases when they open, their grade, and how their customers left."""
    cases, customers, scripts = scene.cases, scene.customers, scene.scripts
    customer, named = cases.customer, cases.is_complaint
    return {
        "conversation_id": scene.case_id,
        "customer_id": name_customers(customers.number[customer]),
        "script_id": as_texts(scripts.script_id[cases.script]),
        "opened_at": format_times(cases.opened),
        "is_complaint": named,
        "is_settled": cases.landmark <= scene.until,
        "recovery_grade": _named(GRADES, scene.grade, named),
        "failure_number": pa.array(cases.complaint + 1, mask=~named),
        "segment": as_texts(np.array(SEGMENTS, dtype=object)[customers.segment[customer]]),
        "severity": _named(SEVERITIES, scene.of_complaint(customers.severity), named),
        "tenure_years": np.round((cases.opened - customers.since[customer]) / YEAR, 4),
        "standing": pa.array(np.round(scene.of_complaint(customers.standing), 4), mask=~named),
        "state_close": as_texts(np.array(STATES, dtype=object)[scripts.closing_state[cases.script]]),
    }


def _potential(scene: Scene, mechanism: Mechanism) -> dict[tuple[str, int], Flags]:
    """Outcomes by (grade, case) for each measure; false for talks."""
    cases, customers = scene.cases, scene.customers
    flags = {measure: np.zeros((len(GRADES), len(cases.customer)), dtype=bool) for measure in MEASURES}
    for complaint in range(customers.opened.shape[1]):
        here = np.nonzero(cases.complaint == complaint)[0]
        who = cases.customer[here]
        for grade in range(len(GRADES)):
            times = potential_outcome(customers, complaint, grade, mechanism)
            for outcome, time in zip(OUTCOMES, times, strict=True):
                for horizon in HORIZONS_DAYS:
                    end = cases.landmark[here] + horizon * DAY
                    flags[outcome, horizon][grade, here] = time[who] <= end
    return flags


def _named(names: tuple[str, ...], numbers: Ints, is_there: Flags) -> pa.Array:
    return pa.array(np.array(names, dtype=object)[numbers], pa.string(), mask=~is_there)

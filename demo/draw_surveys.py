"""Survey answers: CSAT about a case, NPS by customers with and without a complaint."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from demo.draw_customers import HISTORY_DAYS
from demo.follow_outcomes import Followed
from demo.name_ids import format_times, name_customers
from demo.scene import Scene
from demo.types import DAY, Flags, Floats, Ints, Texts

SURVEY_COLUMNS = ("customer_id", "conversation_id", "kind", "score", "answered_at")
_CSAT_SHARE, _NPS_SHARE, _NPS_SETTLED_SHARE = 0.3, 0.2, 0.1
_CSAT_BY_STATE = np.array([2.0, 3.4, 4.6])  # mean by the state in which the customer left
_NPS_BY_GRADE = np.array([4.5, 6.3, 8.0])  # mean by the true grade
_NPS_SETTLED = 7.4  # mean without any complaint: less than after a full recovery, a paradox of satisfaction
_CSAT_DAYS = (13, 20)  # after the opening: the longest thread is over
_NPS_DAYS = (5, 170)  # after the landmark


@dataclass(frozen=True)
class _Answers:
    customer: Ints
    case: Ints  # -1: about no case
    score: Floats
    time: Floats
    kind: Texts


def draw_surveys(scene: Scene, followed: Followed, rng: np.random.Generator) -> pa.RecordBatch:
    """Write the answers given by customers who were still there, before the exports end, ordered by time."""
    parts = (_ask_csat(scene, rng), _ask_nps(scene, rng), _ask_settled(scene, followed, rng))
    customer = np.concatenate([part.customer for part in parts])
    case = np.concatenate([part.case for part in parts])
    score = np.concatenate([part.score for part in parts])
    time = np.concatenate([part.time for part in parts])
    kind = np.concatenate([part.kind for part in parts])
    order = np.lexsort((case, customer, time))
    order = order[(time < np.minimum(followed.cancelled_at, scene.until)[customer])[order]]
    answers = {
        "customer_id": name_customers(scene.customers.number[customer[order]]),
        "conversation_id": scene.case_id.take(pa.array(case[order], mask=case[order] < 0)),
        "kind": pa.array(kind[order], pa.string()),
        "score": pa.array(score[order].astype(np.int64).astype(str), pa.string()),
        "answered_at": format_times(time[order]),
    }
    return pa.RecordBatch.from_pydict(answers).select(SURVEY_COLUMNS)


def _ask_csat(scene: Scene, rng: np.random.Generator) -> _Answers:
    """Some answer after a case; the state in which they left decides."""
    cases = scene.cases
    case = _pick(np.ones(len(cases.script), dtype=bool), _CSAT_SHARE, rng)
    mean = _CSAT_BY_STATE[scene.scripts.closing_state[cases.script[case]]]
    score = np.clip(np.round(mean + rng.normal(0, 0.8, len(case))), 1, 5)
    time = _delay(cases.opened[case], _CSAT_DAYS, rng)
    return _Answers(cases.customer[case], case, score, time, _repeat("csat", len(case)))


def _ask_nps(scene: Scene, rng: np.random.Generator) -> _Answers:
    """Some answer after a complaint; the recovery decides."""
    cases = scene.cases
    case = _pick(cases.is_complaint, _NPS_SHARE, rng)
    score = _draw_nps(_NPS_BY_GRADE[scene.grade[case]], rng)
    time = _delay(cases.landmark[case], _NPS_DAYS, rng)
    return _Answers(cases.customer[case], np.full(len(case), -1), score, time, _repeat("nps", len(case)))


def _ask_settled(scene: Scene, followed: Followed, rng: np.random.Generator) -> _Answers:
    """Some customers who never complain answer at any time."""
    customer = _pick(np.logical_not(followed.is_real.any(axis=1)), _NPS_SETTLED_SHARE, rng)
    starts = np.maximum(scene.customers.since, scene.until - HISTORY_DAYS * DAY)[customer]
    time = np.floor(rng.uniform(starts, scene.until))
    score = _draw_nps(np.full(len(customer), _NPS_SETTLED), rng)
    nothing = np.full(len(customer), -1)
    return _Answers(customer, nothing, score, time, _repeat("nps", len(customer)))


def _pick(is_fit: Flags, share: float, rng: np.random.Generator) -> Ints:
    return np.nonzero(is_fit & (rng.random(len(is_fit)) < share))[0]


def _delay(times: Floats, days: tuple[int, int], rng: np.random.Generator) -> Floats:
    return np.floor(times + DAY * rng.uniform(*days, len(times)))


def _draw_nps(mean: Floats, rng: np.random.Generator) -> Floats:
    return np.clip(np.round(mean + rng.normal(0, 1.8, len(mean))), 0, 10)


def _repeat(kind: str, count: int) -> Texts:
    return np.full(count, kind, dtype=object)

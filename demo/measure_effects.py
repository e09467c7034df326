"""The true effects: counts of the outcomes under each grade, summed over the chunks of a demo."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from demo.describe_truth import MEASURES
from demo.mechanism import SEGMENTS
from demo.scene import Scene
from demo.types import Ints
from schemas.cases import GRADES

ALL = "all"


@dataclass(frozen=True)
class Effect:
    """What a recovery does to an outcome, against grade none.

    Attributes:
        outcome: came_back or churned.
        horizon_days: Days after the landmark.
        segment: The customers' segment, or `all`.
        recovery_grade: partial or full.
        n: Complaints with the outcome's data: horizon over, not left before the landmark.
        n_grade: Of these, with this grade.
        n_none: Of these, with grade none.
        true_effect: Mean over all n of the outcome under this grade less that under none (risk difference).
        raw_effect: Observed share with this grade less observed share with none; None where either is empty.
        raw_standard_error: Of `raw_effect`, two independent shares.
        confounding: raw_effect less true_effect: the confounder's doing, and chance.
    """

    outcome: str
    horizon_days: int
    segment: str
    recovery_grade: str
    n: int
    n_grade: int
    n_none: int
    true_effect: float
    raw_effect: float | None
    raw_standard_error: float | None
    confounding: float | None


def _zeros() -> dict[tuple[str, int], Ints]:
    return {measure: np.zeros((len(SEGMENTS), len(GRADES), 1 + len(GRADES)), np.int64) for measure in MEASURES}


@dataclass
class EffectSums:
    """Counts that give the effects; chunks of the demo are added one after the other.

    For each measure an array by segment, actual grade, and (cases, outcomes under none, partial, full).
    """

    counts: dict[tuple[str, int], Ints] = field(default_factory=_zeros)

    def add(self, scene: Scene, truth: pa.RecordBatch) -> None:
        """Add the cases of a chunk; `truth` is their `describe_truth`."""
        segment = scene.customers.segment[scene.cases.customer]
        grade = scene.grade
        for outcome, horizon in MEASURES:
            has = truth[f"has_{horizon}"].to_numpy(zero_copy_only=False)
            columns = [truth[f"{outcome}_{horizon}_{name}"].fill_null(False) for name in GRADES]
            flags = np.column_stack([has, *(column.to_numpy(zero_copy_only=False) for column in columns)])
            np.add.at(self.counts[outcome, horizon], (segment[has], grade[has]), flags[has].astype(np.int64))

    def effects(self) -> tuple[Effect, ...]:
        """The effects of partial and full against none, for all customers and by segment."""
        return tuple(
            _effect(outcome, horizon, segment, counts, grade)
            for (outcome, horizon), by_segment in self.counts.items()
            for segment, counts in ((ALL, by_segment.sum(axis=0)), *zip(SEGMENTS, by_segment, strict=True))
            for grade in (1, 2)
            if counts[:, 0].sum()
        )


def _effect(outcome: str, horizon: int, segment: str, counts: Ints, grade: int) -> Effect:
    """From counts by actual grade and (cases, outcomes under none, partial, full)."""
    cases, outcomes = counts[:, 0], counts[:, 1:].sum(axis=0)
    true = (outcomes[grade] - outcomes[0]) / cases.sum()
    raw = error = None
    if cases[grade] and cases[0]:
        shares = [counts[given, 1 + given] / cases[given] for given in (grade, 0)]
        raw = float(shares[0] - shares[1])
        variances = [p * (1 - p) / cases[given] for p, given in zip(shares, (grade, 0), strict=True)]
        error = float(np.sqrt(sum(variances)))
    return Effect(
        outcome=outcome,
        horizon_days=horizon,
        segment=segment,
        recovery_grade=GRADES[grade],
        n=int(cases.sum()),
        n_grade=int(cases[grade]),
        n_none=int(cases[0]),
        true_effect=float(true),
        raw_effect=raw,
        raw_standard_error=error,
        confounding=None if raw is None else raw - float(true),
    )

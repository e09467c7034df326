"""The truth of a demo: its true effects, and how many rows there are of each kind."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demo.add_faults import Dirty
from demo.follow_outcomes import Followed
from demo.measure_effects import ALL, Effect, EffectSums
from demo.scene import Scene
from schemas.cases import GRADES


@dataclass(frozen=True)
class DemoTruth:
    """What is true of one demo; `truth.json` holds the same.

    Attributes:
        seed: The seed.
        customers: Number of customers.
        since: First day of the exports.
        until: First day after the exports.
        mechanism: How strong confounding and recovery are (1 is the documented strength).
        files: For each file: its rows, good and bad, and the number of bad ones by reason.
        rows: Kept rows by kind: messages by role, events by kind, surveys by kind.
        cases: Complaints by true grade, and talks.
        states: Customer messages by true state.
        second_failures: Later complaints by true grade before and true grade then.
        customers_without_complaint: Customers who never complain.
        customers_on_two_channels: Customers who write on a public channel and on another.
        left_before_landmark: Complaints whose customer cancels in the recovery window.
        effects: The true effects.
    """

    seed: int
    customers: int
    since: str
    until: str
    mechanism: dict[str, float]
    files: dict[str, dict[str, Any]]
    rows: dict[str, int]
    cases: dict[str, int]
    states: dict[str, int]
    second_failures: dict[str, int]
    customers_without_complaint: int
    customers_on_two_channels: int
    left_before_landmark: int
    effects: tuple[Effect, ...]

    def effect(self, outcome: str, recovery_grade: str, *, horizon_days: int = 90, segment: str = ALL) -> Effect:
        """Return the effect of a grade on an outcome.

        Raises:
            KeyError: There is no such effect; a very small demo has no complaints to tell it from.
        """
        wanted = (outcome, horizon_days, segment, recovery_grade)
        for effect in self.effects:
            if (effect.outcome, effect.horizon_days, effect.segment, effect.recovery_grade) == wanted:
                return effect
        raise KeyError(f"no effect of outcome, horizon_days, segment, recovery_grade = {wanted}")

    def to_json(self) -> dict[str, Any]:
        """The truth as plain values."""
        return asdict(self)


@dataclass
class Tally:
    """What is counted while a demo is written, chunk by chunk."""

    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)
    cases: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    second_failures: Counter[str] = field(default_factory=Counter)
    people: Counter[str] = field(default_factory=Counter)
    effects: EffectSums = field(default_factory=EffectSums)

    def add_file(self, name: str, count: int, rejected: Counter[str] | None = None) -> None:
        """Count rows that went into a file."""
        entry = self.files.setdefault(name, {"rows": 0, "rejected": Counter()})
        entry["rows"] += count
        entry["rejected"].update(rejected or {})

    def add_dirty(self, name: str, dirty: Dirty) -> None:
        """Count a file part with faults."""
        self.add_file(name, dirty.count, dirty.rejected)

    def add_rows(self, kind: str, column: pa.Array) -> None:
        """Count kept rows by a column, as `kind.value`."""
        self.rows.update({f"{kind}.{value}": count for value, count in _count(column).items()})

    def add_states(self, column: pa.Array) -> None:
        """Count customer messages by their true state."""
        self.states.update(_count(column))

    def add_cases(self, scene: Scene, followed: Followed, truth: pa.RecordBatch) -> None:
        """Count cases, second failures and people, and add up the effects."""
        cases, customers, scripts = scene.cases, scene.customers, scene.scripts
        self.cases.update(_count(pc.fill_null(truth["recovery_grade"], "talk")))
        self.effects.add(scene, truth)
        self.people["left"] += pc.sum(truth["left_before_landmark"]).as_py() or 0
        self.people["silent"] += int((~followed.is_real.any(axis=1)).sum())
        is_public = scripts.is_public[cases.script]
        public_writers, desk_writers = cases.customer[is_public], cases.customer[~is_public]
        self.people["on_two"] += len(np.intersect1d(public_writers, desk_writers))
        for complaint in range(1, customers.opened.shape[1]):
            real = followed.is_real[:, complaint]
            pairs = np.zeros((len(GRADES), len(GRADES)), np.int64)
            np.add.at(pairs, (customers.grade[real, complaint - 1], customers.grade[real, complaint]), 1)
            for (before, then), count in np.ndenumerate(pairs):
                self.second_failures[f"{GRADES[before]}, then {GRADES[then]}"] += int(count)

    def tell(self, *, seed: int, customers: int, since: str, until: str, mechanism: dict[str, float]) -> DemoTruth:
        """The truth, once all chunks are counted."""
        return DemoTruth(
            seed=seed,
            customers=customers,
            since=since,
            until=until,
            mechanism=mechanism,
            files={
                name: {"rows": entry["rows"], "rejected": _sorted(entry["rejected"])}
                for name, entry in sorted(self.files.items())
            },
            rows=_sorted(self.rows),
            cases=_sorted(self.cases),
            states=_sorted(self.states),
            second_failures=_sorted(self.second_failures),
            customers_without_complaint=self.people["silent"],
            customers_on_two_channels=self.people["on_two"],
            left_before_landmark=self.people["left"],
            effects=self.effects.effects(),
        )


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _count(column: pa.Array) -> dict[str, int]:
    counts = pc.value_counts(pc.drop_null(column))
    return dict(zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True))

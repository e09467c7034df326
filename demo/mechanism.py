"""The mechanism: what raises the chance of a good recovery, and what raises loyalty. docs/demo.md states it.

Standing is the confounder: customers of more value and longer tenure, with a milder failure, are both
recovered better and more loyal anyway. It is a function of three exported facts in coarse bands, so an
analysis that compares within segment x tenure band x severity removes it.
"""

from dataclasses import dataclass

import numpy as np

from demo.types import DAY, Floats, Ints

SEGMENTS = ("basic", "plus", "premium")
SEGMENT_VALUES = (250.0, 800.0)  # plus and premium begin at this value a year
TENURE_YEARS = (1.0, 3.0)  # bands: under one year, one to three, three and more

STANDING = {"segment": 0.8, "tenure": 0.5, "severity": -0.4}
GRADE_INTERCEPT = np.array([0.0, 0.3, 0.0])
GRADE_STANDING = np.array([0.0, 0.5, 1.0])
# By grade of this case, and by grade of the complaint before: none, partial, full, no complaint before.
RETURN_INTERCEPT, RETURN_STANDING = -0.6, 0.8
RETURN_GRADE = np.array([0.0, 0.35, 0.85])
RETURN_BEFORE = np.array([-0.4, 0.0, 0.3, 0.0])
LEAVE_INTERCEPT, LEAVE_STANDING = -1.6, -0.6
LEAVE_GRADE = np.array([0.0, -0.4, -0.9])
LEAVE_BEFORE = np.array([0.4, 0.0, -0.3, 0.0])
NO_COMPLAINT_BEFORE = 3
_BASE_DAYS = 90


@dataclass(frozen=True)
class Mechanism:
    """How strong the two arrows are.

    Attributes:
        confounding: Factor on standing in the chance of a recovery; 0 gives recovery by lot.
        recovery: Factor on what a recovery does to loyalty; 0 is no effect at all.
    """

    confounding: float = 1.0
    recovery: float = 1.0

    def grade_probabilities(self, standing: Floats) -> Floats:
        """Chance of each grade, one column a grade: a multinomial logit in standing."""
        scores = GRADE_INTERCEPT + self.confounding * standing[..., None] * GRADE_STANDING
        weights = np.exp(scores)
        return weights / weights.sum(axis=-1, keepdims=True)

    def return_rate(self, standing: Floats, grade: Ints, before: Ints) -> Floats:
        """Rate (per second after the landmark) of coming back; its 90-day chance is logistic."""
        push = RETURN_GRADE[grade] + RETURN_BEFORE[before]
        return _rate(RETURN_INTERCEPT + RETURN_STANDING * standing + self.recovery * push)

    def leave_rate(self, standing: Floats, grade: Ints, before: Ints) -> Floats:
        """Rate (per second after the landmark) of cancelling; its 90-day chance is logistic."""
        push = LEAVE_GRADE[grade] + LEAVE_BEFORE[before]
        return _rate(LEAVE_INTERCEPT + LEAVE_STANDING * standing + self.recovery * push)


def _rate(logit: Floats) -> Floats:
    """Constant rate whose chance within 90 days is the logistic of `logit`: -ln(1 - p) / 90 days."""
    return np.logaddexp(0, logit) / (_BASE_DAYS * DAY)


def measure_standing(segment: Ints, tenure_years: Floats, severity: Ints) -> Floats:
    """The confounder: 0.8 (segment - 1) + 0.5 (tenure band - 1) - 0.4 (severity - 1)."""
    tenure = np.digitize(tenure_years, TENURE_YEARS)
    return (
        STANDING["segment"] * (segment - 1.0)
        + STANDING["tenure"] * (tenure - 1.0)
        + STANDING["severity"] * (severity - 1.0)
    )

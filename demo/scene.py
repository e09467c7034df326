"""A scene: all that the messages, surveys and truth of some cases are written from."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from demo.draw_cases import Cases
from demo.draw_customers import Customers
from demo.load_scripts import Scripts
from demo.types import Floats, Ints


@dataclass(frozen=True)
class Scene:
    """Cases with what belongs to them.

    Attributes:
        cases: The cases.
        customers: Their customers, and others without a case.
        scripts: What the cases play.
        case_id: The cases' ids in the exports.
        until: End of the exports, seconds since the epoch.
    """

    cases: Cases
    customers: Customers
    scripts: Scripts
    case_id: pa.Array
    until: float

    @property
    def grade(self) -> Ints:
        """True grade of each case; without meaning for talks."""
        return self.of_complaint(self.customers.grade)

    def of_complaint(self, column: Ints | Floats) -> np.ndarray:
        """For each case the value of a column with one column a complaint; without meaning for talks."""
        return column[self.cases.customer, np.maximum(self.cases.complaint, 0)]

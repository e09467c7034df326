"""The few array types that the generator shares, and the sentinel of what never happens."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
# Fixed-width numpy text, or Python strings and None in an object array.
Texts = NDArray[Any]

NEVER = float("inf")
DAY = 86_400
YEAR = 365 * DAY

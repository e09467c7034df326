"""Ways to cut and shuffle a batch, for the property that the rows of a table do not depend on either."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st


def cut_rows(batch: pa.RecordBatch, cuts: Sequence[int], seed: int) -> list[pa.RecordBatch]:
    """Shuffle the rows and cut them at shares of their number (each 0 to 100)."""
    order = np.random.default_rng(seed).permutation(batch.num_rows)
    shuffled = batch.take(pa.array(order))
    ends = [0, *sorted(batch.num_rows * cut // 100 for cut in cuts), batch.num_rows]
    return [shuffled.slice(start, end - start) for start, end in pairwise(ends)]


CUTS = st.lists(st.integers(0, 100), max_size=6)
SEEDS = st.integers(0, 2**32 - 1)

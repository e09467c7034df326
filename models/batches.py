"""Which texts the network sees together: by length, within a budget of tokens."""

import numpy as np

LENGTH_STEP = 8
"""A text is padded to the next multiple of this, whoever its neighbours are."""
TOKENS_PER_BATCH = 2048


def padded_lengths(lengths: np.ndarray) -> np.ndarray:
    """Return the length to which each text is padded."""
    return -(-lengths // LENGTH_STEP) * LENGTH_STEP


def plan_batches(lengths: np.ndarray, budget: int = TOKENS_PER_BATCH) -> list[np.ndarray]:
    """Group texts for the network: row numbers per batch, shortest texts first.

    A batch holds only texts of one padded length, because sums over tokens may round
    differently at another length: so a text meets the same arithmetic alone and in any
    batch, and its label never depends on its neighbours. `budget` is in padded tokens;
    a text longer than it is a batch of its own.

    Example:
        >>> [rows.tolist() for rows in plan_batches(np.array([3, 20, 5, 8]), budget=16)]
        [[0, 2], [3], [1]]
    """
    padded = padded_lengths(lengths)
    order = np.argsort(padded, kind="stable")
    batches = []
    for length in np.unique(padded):
        rows = order[np.searchsorted(padded[order], length) :][: int((padded == length).sum())]
        size = max(1, budget // int(length))
        batches += [rows[start : start + size] for start in range(0, len(rows), size)]
    return batches

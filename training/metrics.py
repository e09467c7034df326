"""How good labels are: F1 with bootstrap intervals, precision and recall, calibration error."""

from typing import Any

import numpy as np

RESAMPLES = 1000
SEED = 7


def f1_of(truth: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Return F1 per label from 0/1 matrices (..., rows, labels); 0 where a label never occurs."""
    hits = (truth * given).sum(axis=-2)
    total = truth.sum(axis=-2) + given.sum(axis=-2)
    return np.divide(2.0 * hits, total, out=np.zeros(total.shape), where=total > 0)


def micro_f1(truth: np.ndarray, given: np.ndarray) -> float:
    """Return F1 over all labels together."""
    return float(2.0 * (truth * given).sum() / max(1.0, truth.sum() + given.sum()))


def report(truth: np.ndarray, given: np.ndarray, labels: tuple[str, ...]) -> dict[str, Any]:
    """Return the figures of one head on one slice.

    Macro-F1 is the mean over all labels, with a 95 % percentile interval over 1,000
    resamples of messages. A slice without a single example of a label says so in `support`.

    Args:
        truth: 0/1 (rows, labels); one 1 per row where one label holds.
        given: The same for what the model gave.
        labels: Names of the columns.
    """
    truth, given = truth.astype(np.float64), given.astype(np.float64)
    rng = np.random.default_rng(SEED)
    draws = [rng.integers(0, len(truth), len(truth)) for _ in range(RESAMPLES)]
    macro = [f1_of(truth[rows], given[rows]).mean() for rows in draws]
    hits = (truth * given).sum(axis=0)
    per_label = {
        label: {
            "precision": round(float(hits[i] / max(1.0, given[:, i].sum())), 4),
            "recall": round(float(hits[i] / max(1.0, truth[:, i].sum())), 4),
            "f1": round(float(f1_of(truth, given)[i]), 4),
            "support": int(truth[:, i].sum()),
        }
        for i, label in enumerate(labels)
    }
    return {
        "messages": len(truth),
        "macro_f1": round(float(f1_of(truth, given).mean()), 4),
        "macro_f1_interval": [round(float(value), 4) for value in np.percentile(macro, (2.5, 97.5))],
        "micro_f1": round(micro_f1(truth, given), 4),
        "labels": per_label,
    }


def expected_calibration_error(confidence: np.ndarray, is_right: np.ndarray, bins: int = 15) -> float:
    """Return the mean gap between confidence and accuracy over equal-width bins, weighted by rows."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        (place == number).sum() * abs(confidence[place == number].mean() - is_right[place == number].mean())
        for number in np.unique(place)
    ]
    return round(float(sum(gaps)) / max(1, len(place)), 4)

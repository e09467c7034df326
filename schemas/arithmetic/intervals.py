"""How sure a figure is: the intervals that stand beside every share and mean."""

import numpy as np
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

LEVEL = 0.95


def wilson_interval(hits: np.ndarray, counts: np.ndarray, *, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Give the Wilson score interval of shares.

    Unlike the textbook interval it stays within 0 and 1 and keeps its coverage in small groups (Wilson 1927,
    https://doi.org/10.1080/01621459.1927.10502953; recommended by Brown, Cai & DasGupta 2001,
    https://doi.org/10.1214/ss/1009213286).

    Args:
        hits: How many have the property, 0 to `counts`.
        counts: How many there are.
        level: Confidence, between 0 and 1.

    Returns:
        Lower and upper ends, `float64`, NaN where the count is 0.

    Example:
        8 of 10 give 0.490 and 0.943.
    """
    low, high = np.full(len(counts), np.nan), np.full(len(counts), np.nan)
    some = counts > 0
    low[some], high[some] = proportion_confint(hits[some], counts[some], alpha=1 - level, method="wilson")
    # Exact by the formula, but for the last bit in floating point.
    low[some & (hits == 0)] = 0.0
    high[some & (hits == counts)] = 1.0
    return low, high


def mean_interval(
    means: np.ndarray, deviations: np.ndarray, counts: np.ndarray, *, level: float = LEVEL
) -> tuple[np.ndarray, np.ndarray]:
    """Give the normal interval of means: mean -/+ z * deviation / sqrt(count).

    By the central limit theorem; for means of few and skewed values (money) it is too narrow.

    Args:
        means: The means.
        deviations: Sample standard deviations (n - 1).
        counts: How many values.
        level: Confidence, between 0 and 1.

    Returns:
        Lower and upper ends, `float64`, NaN where fewer than two values leave the deviation unknown.

    Example:
        Mean 10, deviation 2, 100 values: 9.608 and 10.392.
    """
    low, high = np.full(len(counts), np.nan), np.full(len(counts), np.nan)
    some = counts > 1
    reach = norm.ppf((1 + level) / 2) * deviations[some] / np.sqrt(counts[some])
    low[some], high[some] = means[some] - reach, means[some] + reach
    return low, high

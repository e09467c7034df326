import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.weightstats import DescrStatsW

from schemas.arithmetic.intervals import mean_interval, wilson_interval


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17:857-872, Table I, method 3 (score, no correction).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_wilson_intervals(hits: int, count: int, low: float, high: float) -> None:
    lows, highs = wilson_interval(np.array([hits]), np.array([count]))

    assert (round(lows[0], 4), round(highs[0], 4)) == (low, high)


@given(st.integers(1, 10**9).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_wilson_solves_its_equation(pair: tuple[int, int]) -> None:
    hits, count = pair
    z, share = 1.959963984540054, hits / count

    for end in wilson_interval(np.array([hits]), np.array([count])):
        assert 0 <= end[0] <= 1
        # The ends are where the share is z standard errors away, the error being that of the end.
        error = z * math.sqrt(end[0] * (1 - end[0]) / count)
        assert abs(share - end[0]) == pytest.approx(error, rel=1e-5, abs=1e-12)


def test_no_cases_have_no_interval() -> None:
    low, high = wilson_interval(np.array([0, 3]), np.array([0, 3]))

    assert np.isnan([low[0], high[0]]).all()
    assert high[1] == 1.0
    assert 0 < low[1] < 1


def test_the_ends_are_exact_without_hits_and_without_misses() -> None:
    counts = np.arange(1, 200)

    assert (wilson_interval(np.zeros(199, np.int64), counts)[0] == 0).all()
    assert (wilson_interval(counts, counts)[1] == 1).all()


def test_means_have_the_interval_of_statsmodels() -> None:
    values = np.random.default_rng(1).gamma(2, 30, 500)
    low, high = mean_interval(np.array([values.mean()]), np.array([values.std(ddof=1)]), np.array([500]))

    assert (low[0], high[0]) == pytest.approx(DescrStatsW(values).zconfint_mean(), rel=1e-12)


def test_one_value_has_no_interval() -> None:
    low, high = mean_interval(np.array([2.0, 2.0]), np.array([0.0, 0.0]), np.array([1, 2]))

    assert np.isnan([low[0], high[0]]).all()
    assert (low[1], high[1]) == (2.0, 2.0)

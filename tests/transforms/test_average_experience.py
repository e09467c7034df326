from fractions import Fraction

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from transforms.average_experience import AverageExperience, average_scores, sum_scores

SCHEMA = pa.schema([("experience_score", pa.float32())])


def scored(scores: list[float | None]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"experience_score": scores}, schema=SCHEMA)


@pytest.mark.parametrize(
    ("scores", "mean"),
    [([], None), ([None, None], None), ([0.1, 0.2, None], 0.15), ([-1.0, 1.0], 0.0), ([0.3, 0.3, 0.3], 0.3)],
)
def test_the_mean_is_that_of_the_known_scores(scores: list[float | None], mean: float | None) -> None:
    assert average_scores(sum_scores(scored(scores))) == mean


@given(st.lists(st.integers(-10_000, 10_000), max_size=40), st.integers(0, 40))
def test_sums_are_exact_however_the_rows_are_cut(units: list[int], cut: int) -> None:
    batch = scored((np.array(units, float) / 10_000).tolist())
    left, right = sum_scores(batch.slice(0, cut)), sum_scores(batch.slice(cut))
    assert (left[0] + right[0], left[1] + right[1]) == (sum(units), len(units)) == sum_scores(batch)
    if units:
        assert average_scores(sum_scores(batch)) == float(Fraction(sum(units), len(units) * 10_000))


@pytest.mark.parametrize("batches", [[], [[None]], [[0.1, None], [0.2], []]])
def test_the_transform_gives_one_mean_for_all_batches(batches: list[list[float | None]]) -> None:
    wanted = 0.15 if len(batches) == 3 else None
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        cases = pipeline | beam.Create([scored(batch) for batch in batches])
        assert_that(cases | AverageExperience(), equal_to([wanted]))

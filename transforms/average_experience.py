"""Average the experience of all customers, exactly and in any order."""

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.pvalue import PCollection
from apache_beam.transforms.combiners import TupleCombineFn

# Probabilities carry 4 decimals, so a score is a whole number of these.
SCORE_UNITS = 10_000


def sum_scores(cases: pa.RecordBatch) -> tuple[int, int]:
    """Add up the experience scores of a batch.

    Args:
        cases: Any columns with `experience_score`.

    Returns:
        The sum in units of 0.0001 and the number of scores. Integers, so that sums of sums are the same
        in any order.
    """
    scores = cases["experience_score"].drop_null().to_numpy().astype(np.float64)
    return int(np.rint(scores * SCORE_UNITS).astype(np.int64).sum()), len(scores)


def average_scores(sums: tuple[int, int]) -> float | None:
    """The mean score, from -1 to 1; None without scores.

    Args:
        sums: Sum in units of 0.0001 and number of scores.
    """
    total, count = sums
    return total / (count * SCORE_UNITS) if count else None


class AverageExperience(beam.PTransform):
    """Turn batches of cases into the one mean of their experience scores (None without any)."""

    def expand(self, cases: PCollection[pa.RecordBatch]) -> PCollection[float | None]:
        """Sum each batch, add the sums up, divide."""
        return (
            cases
            | "Sum" >> beam.Map(sum_scores)
            | "Add up" >> beam.CombineGlobally(TupleCombineFn(sum, sum))
            | "Divide" >> beam.Map(average_scores).with_output_types(float | None)
        )

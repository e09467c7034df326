"""Take from labelled messages what each says about its writer."""

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.pvalue import PCollection

from schemas.arithmetic.arrays import subtract_shares
from schemas.moments import MOMENTS


def extract_moments(messages: pa.RecordBatch) -> pa.RecordBatch:
    """Keep the labelled messages of known customers, without their text.

    Args:
        messages: Columns of `MESSAGES`, or those of them that are read here: customer_key, sent_at,
            case_id, message_id, role, channel, state, state_probabilities, signals.

    Returns:
        Columns of `MOMENTS`, in the order of the input: the rows of role customer that have a
        `customer_key` and a `state`.

    Example:
        Probabilities of uncertainty 0.1 and amazement 0.7 give an `experience_score` of 0.6.
    """
    is_customer = pc.equal(messages["role"], "customer")
    is_told = pc.and_(messages["customer_key"].is_valid(), messages["state"].is_valid())
    kept = messages.filter(pc.and_(is_customer, is_told))
    score = subtract_shares(kept["state_probabilities"], "amazement", "uncertainty")
    columns = {"experience_score": pa.array(score, pa.float32())}
    return pa.RecordBatch.from_arrays(
        [columns[name] if name in columns else kept[name] for name in MOMENTS.schema.names],
        schema=MOMENTS.schema,
    )


class ExtractMoments(beam.PTransform):
    """Turn batches of labelled messages into batches of moments."""

    def expand(self, messages: PCollection[pa.RecordBatch]) -> PCollection[pa.RecordBatch]:
        """Extract from each batch."""
        return messages | "Extract" >> beam.Map(extract_moments).with_output_types(pa.RecordBatch)

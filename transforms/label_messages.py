"""Label the messages of each batch with the classifier."""

from dataclasses import dataclass

import apache_beam as beam
import pyarrow as pa
from apache_beam.ml.inference.base import ModelHandler, RunInference
from apache_beam.pvalue import PCollection


@dataclass(eq=False)
class LabelMessages(beam.PTransform):
    """Add the columns of LABELS; a batch holds whole cases, so that a message can see the one before."""

    classifier: ModelHandler

    def expand(self, messages: PCollection[pa.RecordBatch]) -> PCollection[pa.RecordBatch]:
        """Run the classifier on each batch."""
        return messages | "Classify" >> RunInference(self.classifier).with_output_types(pa.RecordBatch)

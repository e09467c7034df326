"""DetectLanguage: the language of each message whose export does not name it."""

from collections.abc import Callable
from dataclasses import dataclass

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.pvalue import PCollection

DetectLanguages = Callable[[pa.Array], pa.Array]


def detect_language(batch: pa.RecordBatch, detect: DetectLanguages) -> pa.RecordBatch:
    """Fill the nulls of `lang`.

    Args:
        batch: Any columns with `lang` (ISO 639-1, null where the export does not say) and `text`.
        detect: Gives the language of each text (string), or null where it cannot tell; `models.languages`.

    Returns:
        The batch with the same columns and rows; what the export says stays, and a message without text
        stays null.
    """
    place = batch.schema.get_field_index("lang")
    unknown = pc.indices_nonzero(pc.and_(pc.is_null(batch["lang"]), pc.is_valid(batch["text"])))
    if len(unknown) == 0:
        return batch
    detected = detect(batch["text"].take(unknown)).cast(pa.string())
    filled = pc.coalesce(batch["lang"], pc.scatter(detected, unknown.cast(pa.int64()), max_index=len(batch) - 1))
    return batch.set_column(place, batch.schema.field(place), filled)


@dataclass(eq=False)
class DetectLanguage(beam.PTransform):
    """Fill the language of messages that have none.

    Attributes:
        detect: Gives the language of each text of an array; by default py3langid or better, see
            `models.languages`.
    """

    detect: DetectLanguages

    def expand(self, messages: PCollection[pa.RecordBatch]) -> PCollection[pa.RecordBatch]:
        """Detect per batch."""
        return messages | "detect language" >> beam.Map(detect_language, self.detect)

"""Hand-written stand-ins."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.ml.inference.base import ModelHandler

from schemas.labels import LABELS, SENTIMENTS, SIGNALS, STATES, STEPS

_WORDS = {
    "fix": "refund|replace|erstatt|terug",
    "apologise": "sorry|apolog|entschuldig|excuses",
    "acknowledge": "understand|verstehe|begrijp|thank",
    "attitude": "happy|gern|graag|love",
    "urgency": "today|now|heute|vandaag|sofort",
}


@dataclass
class FakeModel:
    """A class of its own, because Beam holds models by weak references."""

    revision: str = "fake"


class FakeClassifier(ModelHandler[pa.RecordBatch, pa.RecordBatch, Any]):
    """Labels by a word or by the length of the text; needs no model and is the same for equal texts."""

    def load_model(self) -> Any:
        return FakeModel()

    def run_inference(
        self, batch: Sequence[pa.RecordBatch] | pa.RecordBatch, model: Any, inference_args: Any = None
    ) -> Iterable[pa.RecordBatch]:
        for messages in [batch] if isinstance(batch, pa.RecordBatch) else batch:
            yield label_by_words(messages)

    def should_skip_batching(self) -> bool:
        return True

    def get_num_bytes(self, batch: Any) -> int:
        return 0


def label_by_words(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Add the LABELS columns."""
    has_text = batch["text"].is_valid()
    is_customer = pc.and_(pc.equal(batch["role"], "customer"), has_text)
    is_agent = pc.and_(pc.equal(batch["role"], "agent"), has_text)
    is_labelled = pc.or_(is_customer, is_agent)
    length = pc.utf8_length(batch["text"].fill_null("")).to_numpy().astype(int)
    state = length % 3
    made = {
        "sentiment": _pick(SENTIMENTS, state, is_customer),
        "sentiment_probabilities": _sure(SENTIMENTS, state, is_customer),
        "state": _pick(STATES, state, is_customer),
        "state_probabilities": _sure(STATES, state, is_customer),
        "signals": _lists(SIGNALS, np.eye(5, dtype=bool)[length % 5], is_customer),
        "signal_probabilities": _even(SIGNALS, is_customer),
        "steps": _lists(STEPS, _find_words(batch["text"]), is_agent),
        "step_probabilities": _even(STEPS, is_agent),
        "confidence": pc.if_else(is_labelled, pa.scalar(0.75, pa.float32()), None),
        "needs_review": pc.if_else(is_labelled, pa.array(length % 7 == 0), None),
        "model_revision": pc.if_else(is_labelled, "fake", None),
    }
    arrays = [*batch.columns, *(made[field.name].cast(field.type) for field in LABELS)]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema([*batch.schema, *LABELS]))


def _pick(labels: tuple[str, ...], which: np.ndarray, mask: pa.Array) -> pa.Array:
    return pc.if_else(mask, pa.array(labels).take(pa.array(which)), None)


def _sure(labels: tuple[str, ...], which: np.ndarray, mask: pa.Array) -> pa.Array:
    columns = [pa.array(np.where(which == n, 0.8, 0.1).astype(np.float32)) for n in range(len(labels))]
    return pa.StructArray.from_arrays(columns, names=list(labels), mask=pc.invert(mask))


def _even(labels: tuple[str, ...], mask: pa.Array) -> pa.Array:
    columns = [pa.array(np.full(len(mask), 0.5, np.float32))] * len(labels)
    return pa.StructArray.from_arrays(columns, names=list(labels), mask=pc.invert(mask))


def _lists(labels: tuple[str, ...], shown: np.ndarray, mask: pa.Array) -> pa.Array:
    rows = [
        [label for label, shows in zip(labels, row, strict=True) if shows] if known else None
        for row, known in zip(shown, mask.to_pylist(), strict=True)
    ]
    return pa.array(rows, pa.list_(pa.string()))


def _find_words(texts: pa.Array) -> np.ndarray:
    lower = pc.utf8_lower(texts.fill_null(""))
    shown = [pc.match_substring_regex(lower, _WORDS.get(step, "^$")).to_numpy(zero_copy_only=False) for step in STEPS]
    return np.column_stack(shown)

"""A stand-in for the model whose labels vary more than a few words can make them."""

from collections.abc import Iterable, Sequence
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow as pa

from schemas.labels import LABELS, SENTIMENTS, SIGNALS, STATES, STEPS
from tests.fakes import FakeClassifier


class VariedClassifier(FakeClassifier):
    """Labels by a checksum of the text: all states and steps occur, and one text in sixteen cannot be read."""

    def run_inference(
        self, batch: Sequence[pa.RecordBatch] | pa.RecordBatch, model: Any, inference_args: Any = None
    ) -> Iterable[pa.RecordBatch]:
        for messages in [batch] if isinstance(batch, pa.RecordBatch) else batch:
            yield label_by_checksum(messages)


def label_by_checksum(batch: pa.RecordBatch) -> pa.RecordBatch:
    rows = [
        label_text(role, text) for role, text in zip(batch["role"].to_pylist(), batch["text"].to_pylist(), strict=True)
    ]
    schema = pa.schema([*batch.schema, *LABELS])
    arrays = [*batch.columns, *(pa.array([row.get(field.name) for row in rows], field.type) for field in LABELS)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def label_text(role: str, text: str | None) -> dict[str, object]:
    if text is None or role not in ("customer", "agent"):
        return {}
    drawn = np.random.default_rng(crc32(f"{role} {text}".encode()))
    is_read = drawn.random() > 1 / 16
    made: dict[str, object] = {"confidence": 0.75, "needs_review": drawn.random() < 0.2, "model_revision": "varied"}
    if role == "customer" and is_read:
        made |= draw_one("sentiment", SENTIMENTS, drawn) | draw_one("state", STATES, drawn)
        made |= {"signals": draw_some(SIGNALS, drawn, 0.2), "signal_probabilities": dict.fromkeys(SIGNALS, 0.5)}
    if role == "agent" and is_read:
        made |= {"steps": draw_some(STEPS, drawn, 0.45), "step_probabilities": dict.fromkeys(STEPS, 0.5)}
    return made


def draw_one(name: str, labels: tuple[str, ...], drawn: np.random.Generator) -> dict[str, object]:
    shares = drawn.dirichlet(np.ones(len(labels)))
    return {name: labels[shares.argmax()], f"{name}_probabilities": dict(zip(labels, shares.tolist(), strict=True))}


def draw_some(labels: tuple[str, ...], drawn: np.random.Generator, share: float) -> list[str]:
    return [label for label in labels if drawn.random() < share]

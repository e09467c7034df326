"""Labelling one batch: each distinct message is scored once, a bad one never costs the others."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.decode import decode_labels
from models.scorer import HEADS_OF_ROLE, Probabilities, Scorer
from schemas.errors import ModelError
from schemas.labels import LABELS

NEEDED = ("text", "role")
BROKEN_FROM = 8
"""So many messages do not all fail for what they say."""


def label_batch(batch: pa.RecordBatch, scorer: Scorer) -> pa.RecordBatch:
    """Return the batch's columns and, behind them, the LABELS columns.

    Args:
        batch: Has `text` (string, redacted, may be null) and `role`; other columns pass through.
        scorer: The loaded model.

    Raises:
        ModelError: A needed column is missing, or a LABELS column is already there.
    """
    _check_columns(batch)
    role, text = batch["role"].cast(pa.string()), batch["text"].cast(pa.string())
    is_scored = pc.and_(
        pc.is_in(role, pa.array(list(HEADS_OF_ROLE))),
        pc.fill_null(pc.match_substring_regex(text, r"\S"), False),
    ).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(is_scored)
    distinct, place = _distinct(role.take(pa.array(rows)), text.take(pa.array(rows)))
    scores = score_safely(distinct, scorer)
    probabilities = {}
    for name, values in scores.items():
        probabilities[name] = np.zeros((batch.num_rows, values.shape[1]))
        probabilities[name][rows] = values[place]
    roles = pc.if_else(pa.array(is_scored), role, pa.scalar(None, pa.string()))
    labels = decode_labels(roles, probabilities, scorer.heads, scorer.review_thresholds, scorer.revision)
    schema = pa.schema([*batch.schema, *LABELS], metadata=batch.schema.metadata)
    return pa.RecordBatch.from_arrays([*batch.columns, *labels.columns], schema=schema)


def count_failed(labelled: pa.RecordBatch) -> int:
    """Return how many messages could not be scored: to be reviewed, yet without confidence."""
    is_failed = pc.and_(pc.fill_null(labelled["needs_review"], False), pc.is_null(labelled["confidence"]))
    return pc.sum(is_failed).as_py() or 0


def score_safely(messages: pa.RecordBatch, scorer: Scorer) -> Probabilities:
    """Score `messages`; if that fails, one by one, with NaN for those that fail alone.

    Raises:
        ModelError: So many failed, and every one of them, that it is the model and not a text.
    """
    try:
        return scorer.score(messages)
    except Exception as error:  # whatever a runtime raises on one bad text must not cost the others
        parts = [_score_one(messages.slice(row, 1), scorer) for row in range(messages.num_rows)]
        failed = [all(np.isnan(values).all() for values in part.values()) for part in parts]
        if len(parts) >= BROKEN_FROM and all(failed):
            raise ModelError(
                f"the model (revision {scorer.revision}) failed on each of {len(parts)} messages: "
                f"{type(error).__name__}; check the model's directory and the memory of the machine"
            ) from error
        return {head.name: np.concatenate([part[head.name] for part in parts]) for head in scorer.heads}


def _score_one(message: pa.RecordBatch, scorer: Scorer) -> Probabilities:
    try:
        return scorer.score(message)
    except Exception:  # see above; the caller counts it
        return {head.name: np.full((1, len(head.labels)), np.nan) for head in scorer.heads}


def _distinct(role: pa.Array, text: pa.Array) -> tuple[pa.RecordBatch, np.ndarray]:
    """Return each distinct message once, and per row which of them it is."""
    joined = pc.binary_join_element_wise(role, text, "\x00")
    codes = joined.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    _, first, place = np.unique(codes, return_index=True, return_inverse=True)
    keep = pa.array(first)
    return pa.RecordBatch.from_arrays([role.take(keep), text.take(keep)], names=["role", "text"]), place


def _check_columns(batch: pa.RecordBatch) -> None:
    if missing := [name for name in NEEDED if name not in batch.schema.names]:
        raise ModelError(f"the batch lacks {missing}: labelling needs {list(NEEDED)}, it has {batch.schema.names}")
    if twice := [field.name for field in LABELS if field.name in batch.schema.names]:
        raise ModelError(f"the batch has {twice} already: drop them, or do not label it again")

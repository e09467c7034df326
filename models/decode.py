"""From probabilities to the LABELS columns."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.manifest import HeadSpec
from models.scorer import HEADS_OF_ROLE, Probabilities
from schemas.labels import LABELS, SENTIMENTS, SIGNALS, STATES, STEPS

DIGITS = 4
HEAD_COLUMNS = {
    "sentiment": ("sentiment_probabilities", SENTIMENTS),
    "state": ("state_probabilities", STATES),
    "signals": ("signal_probabilities", SIGNALS),
    "steps": ("step_probabilities", STEPS),
}


def decode_labels(
    roles: pa.Array,
    probabilities: Probabilities,
    heads: tuple[HeadSpec, ...],
    review_thresholds: dict[str, float],
    revision: str,
) -> pa.RecordBatch:
    """Return the LABELS columns, one row per message.

    Probabilities are rounded to 4 decimals first and everything is decided from the rounded
    figures, so a reader of the tables comes to the same labels. A row of NaN could not be
    scored: it stays unlabelled, `needs_review` is true and it has no revision, so that a
    later run tries it again.

    Args:
        roles: `customer`, `agent` or anything else, which gets nulls throughout.
        probabilities: Per head, (rows, labels).
        heads: How each head is decided; a head that is missing here gives nulls.
        review_thresholds: Per role.
        revision: Of the model.
    """
    rows = len(roles)
    known = {head.name: head for head in heads}
    columns: dict[str, pa.Array] = {}
    least = np.full(rows, np.inf)
    is_failed = np.zeros(rows, dtype=bool)
    for name, (column, labels) in HEAD_COLUMNS.items():
        is_role = _is_role(roles, next(role for role, owned in HEADS_OF_ROLE.items() if name in owned))
        if name not in known:
            columns[name] = columns[column] = None
            continue
        head, rounded = known[name], np.round(probabilities[name], DIGITS).astype(np.float32)
        is_nan = np.isnan(rounded).any(axis=1)
        is_failed |= is_nan & is_role
        is_null = is_nan | ~is_role
        columns[name] = _decide(head, rounded, is_null)
        columns[column] = _struct(rounded, labels, is_null)
        least = np.where(is_null, least, np.minimum(least, certainty(head, rounded)))
    has_labels = np.isfinite(least)
    review = np.zeros(rows, dtype=np.float32)
    for role, threshold in review_thresholds.items():
        review[_is_role(roles, role)] = threshold
    needs_review = is_failed | (least < review)
    columns["confidence"] = pa.array(np.where(has_labels, least, 0).astype(np.float32), mask=~has_labels)
    columns["needs_review"] = pa.array(needs_review, mask=~(has_labels | is_failed))
    columns["model_revision"] = pc.if_else(pa.array(has_labels), pa.scalar(revision), pa.scalar(None, pa.string()))
    arrays = [pa.nulls(rows, f.type) if columns[f.name] is None else columns[f.name].cast(f.type) for f in LABELS]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(LABELS))


def certainty(head: HeadSpec, probabilities: np.ndarray) -> np.ndarray:
    """Return per row the probability that the head's least certain decision is right.

    For a head of one label that is the probability of the chosen one; for one of many, a
    label that was given is right with probability p, one that was not with 1 - p.
    """
    if not head.is_multi:
        return probabilities.max(axis=1)
    is_given = probabilities >= np.array(head.thresholds, dtype=np.float32)
    return np.where(is_given, probabilities, np.float32(1) - probabilities).min(axis=1)


def _is_role(roles: pa.Array, role: str) -> np.ndarray:
    return pc.fill_null(pc.equal(roles, role), False).to_numpy(zero_copy_only=False)


def _decide(head: HeadSpec, rounded: np.ndarray, is_null: np.ndarray) -> pa.Array:
    """Return the label (string) or the labels (list, in the head's order) of each row."""
    names = pa.array(head.labels)
    if not head.is_multi:
        best = np.nan_to_num(rounded, nan=-1.0).argmax(axis=1)
        return names.take(pa.array(best, mask=is_null))
    is_given = (rounded >= np.array(head.thresholds, dtype=np.float32)) & ~is_null[:, None]
    offsets = np.concatenate([[0], is_given.sum(axis=1).cumsum()]).astype(np.int32)
    values = names.take(pa.array(np.nonzero(is_given)[1]))
    return pa.ListArray.from_arrays(pa.array(offsets), values, mask=pa.array(is_null))


def _struct(rounded: np.ndarray, labels: tuple[str, ...], is_null: np.ndarray) -> pa.Array:
    """Return one struct per row; a null row is null as a whole."""
    fields = [pa.array(np.ascontiguousarray(column), mask=is_null) for column in rounded.T]
    return pa.StructArray.from_arrays(fields, names=list(labels), mask=pa.array(is_null))

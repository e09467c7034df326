"""Random conversations: whole cases with ties in time, gaps in every nullable column, and a field history."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.case_changes import CASE_CHANGES, FIELDS
from schemas.labels import SENTIMENTS, SIGNALS, STATES, STEPS
from schemas.messages import MESSAGES

CHANGES_SCHEMA = pa.schema(
    [
        CASE_CHANGES.schema.field(name).with_name("case_id")
        if name == "conversation_id"
        else CASE_CHANGES.schema.field(name)
        for name in CASE_CHANGES.schema.names
    ]
)
START_US = 1_709_000_000_000_000  # 27 February 2024, a month before the clocks change in Europe
ROLES = ("customer", "agent", "internal", "system")


def random_world(seed: int, cases: int, *, mean: float = 4.0) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Messages (columns of `MESSAGES`, sorted) and changes (`case_id`, ...) of so many cases."""
    rng = np.random.default_rng(seed)
    sizes = rng.poisson(mean - 1, cases) + 1
    owners = np.repeat(np.arange(cases), sizes)
    starts = START_US + rng.integers(0, 60 * 24, cases) * 3_600_000_000
    # Steps of a quarter of an hour make many ties; a few microseconds make parts of seconds.
    offsets = rng.integers(0, 80, len(owners)) ** 2 * 900_000_000 + rng.integers(0, 3, len(owners)) * 400_000
    messages = _messages(rng, owners, starts[owners] + offsets)
    return messages.sort_by([(key, "ascending") for key in MESSAGES.key]), _changes(rng, cases, starts)


def _messages(rng: np.random.Generator, owners: np.ndarray, sent: np.ndarray) -> pa.RecordBatch:
    size = len(owners)
    role = rng.choice(4, size, p=[0.5, 0.35, 0.1, 0.05])
    by_customer, by_agent = role == 0, role == 1
    has_labels = rng.random(size) < 0.85
    has_status = rng.random(owners.max(initial=0) + 1)[owners] < 0.6
    columns = {
        "case_id": _ids("case", owners),
        "sent_at": pa.array(sent).cast(MESSAGES.schema.field("sent_at").type),
        "message_id": _ids("m", rng.permutation(size)),
        "conversation_id": _ids("case", owners),
        "customer_key": _maybe(rng, _ids("c", rng.integers(0, 50, size)), 0.7),
        "agent_key": _maybe(rng, _ids("a", rng.integers(0, 4, size)), 0.8 * by_agent),
        "team": _pick(rng, ("north", "south", "east"), 0.5, size),
        "role": pa.array(ROLES).take(pa.array(role)),
        "channel": _pick(rng, ("phone", "email", "chat"), 0.9, size),
        "lang": _pick(rng, ("nl", "en", "de"), 0.8, size),
        "touchpoint": _pick(rng, ("invoice", "delivery"), 0.5, size),
        "text": pa.nulls(size, pa.string()),
        "status": _pick(rng, ("open", "pending", "solved"), 0.7 * has_status, size),
        "priority": _pick(rng, ("low", "high"), 0.6, size),
        "severity": _pick(rng, ("low", "high"), 0.4, size),
        "validity": _pick(rng, ("upheld", "explained", "refused"), 0.1, size),
        "company_response": _pick(rng, ("closed", "relief"), 0.1, size),
        "responded_at": pa.nulls(size, pa.timestamp("us", "UTC")),
        "timely": pa.array(rng.random(size) < 0.5, mask=rng.random(size) < 0.8),
        "disputed": pa.array(rng.random(size) < 0.5, mask=rng.random(size) < 0.8),
        "agent_minutes": pa.array(rng.integers(0, 90, size) / 4, mask=rng.random(size) < 0.5),
        "sentiment": _pick(rng, SENTIMENTS, by_customer & has_labels, size),
        "sentiment_probabilities": _shares(rng, SENTIMENTS, by_customer & has_labels),
        "state": _pick(rng, STATES, by_customer & has_labels, size),
        "state_probabilities": _shares(rng, STATES, by_customer & has_labels),
        "signals": _lists(rng, SIGNALS, 0.2, by_customer & has_labels),
        "signal_probabilities": _shares(rng, SIGNALS, by_customer & has_labels),
        "steps": _lists(rng, STEPS, 0.3, by_agent & has_labels),
        "step_probabilities": _shares(rng, STEPS, by_agent & has_labels),
        "confidence": pa.array(rng.random(size, np.float32), mask=~has_labels),
        "needs_review": pa.array(rng.random(size) < 0.2, mask=~has_labels),
        "model_revision": pa.array(["r1"] * size, mask=~has_labels),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in MESSAGES.schema.names], schema=MESSAGES.schema)


def _changes(rng: np.random.Generator, cases: int, starts: np.ndarray) -> pa.RecordBatch:
    values = {
        "status": ("open", "pending", "solved"),
        "assignee": ("a1", "a2", "a3"),
        "team": ("north", "west"),
        "priority": ("low", "high"),
    }
    parts = []
    for field in FIELDS:
        owners = np.repeat(np.arange(cases + 2), rng.poisson(1.5, cases + 2) * (rng.random(cases + 2) < 0.5))
        changed = np.append(starts, [START_US, START_US])[owners]
        changed = changed + rng.integers(0, 60, len(owners)) ** 2 * 900_000_000
        columns = [
            _ids("case", owners),
            pa.array(changed).cast(pa.timestamp("us", "UTC")),
            pa.array([field] * len(owners), pa.string()),
            _pick(rng, values[field], 0.9, len(owners)),
        ]
        parts.append(pa.table(columns, schema=CHANGES_SCHEMA))
    table = pa.concat_tables(parts).combine_chunks()
    table = table.take(pa.array(rng.permutation(table.num_rows)))
    return next(iter(table.combine_chunks().to_batches()), pa.RecordBatch.from_pylist([], CHANGES_SCHEMA))


def _ids(prefix: str, numbers: np.ndarray) -> pa.Array:
    digits = pc.utf8_lpad(pa.array(numbers, pa.int64()).cast(pa.string()), 7, "0")
    return pc.binary_join_element_wise(prefix, digits, "-")


def _maybe(rng: np.random.Generator, values: pa.Array, share: float | np.ndarray) -> pa.Array:
    rows = np.arange(len(values))
    return values.take(pa.array(rows, mask=rng.random(len(values)) >= share))


def _pick(rng: np.random.Generator, words: tuple[str, ...], share: float | np.ndarray, size: int) -> pa.Array:
    return _maybe(rng, pa.array(words, pa.string()).take(pa.array(rng.integers(0, len(words), size))), share)


def _lists(rng: np.random.Generator, words: tuple[str, ...], share: float, known: np.ndarray) -> pa.Array:
    holds = (rng.random((len(known), len(words))) < share) & known[:, None]
    offsets = np.append(0, np.cumsum(holds.sum(axis=1))).astype(np.int32)
    values = pa.array(words, pa.string()).take(pa.array(np.nonzero(holds)[1]))
    return pa.ListArray.from_arrays(offsets, values, mask=pa.array(~known))


def _shares(rng: np.random.Generator, words: tuple[str, ...], known: np.ndarray) -> pa.Array:
    columns = [pa.array(np.round(rng.random(len(known)), 4).astype(np.float32)) for _ in words]
    return pa.StructArray.from_arrays(columns, names=list(words), mask=pa.array(~known))

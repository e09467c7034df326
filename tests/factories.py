"""Random rows that keep their contracts, from a seed: the worlds in which the tables are tested.

Where a table's rule reads several columns of a row, these agree with each other (a resolution follows the
opening, a grade needs a complaint, spells touch and alternate). Beyond that the values are free, so that all
combinations occur; null stands wherever the contract allows it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.cases import BUILT_CASES, CASES, GRADES
from schemas.contract import Contract
from schemas.journeys import ENTRY_REASONS, JOURNEYS, SPELL_STATES
from schemas.labels import SENTIMENTS, SIGNALS, STATES, STEPS
from schemas.messages import MESSAGES
from schemas.raw_messages import ROLES, SEVERITIES, STATUSES, VALIDITIES

MIDNIGHT = datetime(2024, 1, 3, tzinfo=UTC)  # a Wednesday
DAY_SECONDS = 86_400
SEGMENTS = ("gold", "silver", "basic", "all")

_VALUES: Mapping[str, Sequence[str]] = {
    "channel": ("email", "chat", "phone", "social"),
    "channels": ("chat", "email"),
    "lang": ("en", "de", "nl"),
    "touchpoint": ("delivery", "invoice", "app", "unknown"),
    "team": ("north", "south", "night"),
    "segment": SEGMENTS,
    "role": ROLES,
    "opened_by": ROLES,
    "status": STATUSES,
    "severity": SEVERITIES,
    "validity": (*VALIDITIES, "unknown"),
    "sentiment": SENTIMENTS,
    "sentiment_open": SENTIMENTS,
    "sentiment_close": SENTIMENTS,
    "state": STATES,
    "state_open": STATES,
    "state_close": STATES,
    "signals": SIGNALS,
    "steps": STEPS,
    "recovery_grade": GRADES,
    "previous_recovery_grade": GRADES,
    "target_clock": ("calendar", "business"),
    "resolved_by": ("export", "text"),
    "model_revision": ("r1", "r2"),
    "text": ("Call [PHONE] or [EMAIL], not [PHONE].", "Nothing here [sic].", "", "Dear [PERSON]"),
}
_DEFAULT_VALUES = ("a", "b", "c")


class Draw:
    """Draws columns of one length from one generator.

    Attributes:
        rng: Where the numbers come from.
        rows: The length.
    """

    def __init__(self, seed: int, rows: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.rows = rows

    def flags(self, share: float = 0.5) -> np.ndarray:
        return self.rng.random(self.rows) < share

    def seconds(self, days: float) -> np.ndarray:
        """Seconds of up to so many days; one in ten is a whole number of days."""
        drawn = self.rng.integers(0, int(days * DAY_SECONDS) + 1, self.rows)
        return np.where(self.flags(0.1), drawn // DAY_SECONDS * DAY_SECONDS, drawn)

    def column(self, field: pa.Field) -> pa.Array:
        """Values that fit the field's name and type, a quarter of them null where null is allowed."""
        is_null = self.flags(0.25) if field.nullable else np.zeros(self.rows, bool)
        values = _VALUES.get(field.name, _DEFAULT_VALUES)
        if pa.types.is_string(field.type):
            return pa.array(values).take(pa.array(self.rng.integers(0, len(values), self.rows), mask=is_null))
        if pa.types.is_list(field.type):
            return self._lists(values, is_null)
        if pa.types.is_struct(field.type):
            return self._shares(field.type, is_null)
        if pa.types.is_timestamp(field.type):
            return times(self.seconds(40), is_null)
        if pa.types.is_boolean(field.type):
            return pa.array(self.flags(), mask=is_null)
        if pa.types.is_integer(field.type):
            return pa.array(self.rng.geometric(0.4, self.rows) - 1, pa.int64(), mask=is_null)
        return pa.array(self.rng.uniform(-1, 1, self.rows).round(4), mask=is_null).cast(field.type)

    def batch(self, contract: Contract, columns: Mapping[str, pa.Array]) -> pa.RecordBatch:
        """Fill a contract: the given columns, and values by name and type for the others."""
        arrays = [
            columns[field.name].cast(field.type) if field.name in columns else self.column(field)
            for field in contract.columns
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=contract.schema)

    def _lists(self, values: Sequence[str], is_null: np.ndarray) -> pa.Array:
        picked = self.rng.random((self.rows, len(values))) < 0.4
        offsets = np.concatenate([[0], picked.sum(axis=1).cumsum()]).astype(np.int32)
        names = pa.array(values).take(pa.array(np.nonzero(picked)[1]))
        return pa.ListArray.from_arrays(pa.array(offsets), names, mask=pa.array(is_null))

    def _shares(self, kind: pa.StructType, is_null: np.ndarray) -> pa.Array:
        drawn = self.rng.dirichlet(np.ones(kind.num_fields), self.rows).round(4).astype(np.float32)
        return pa.StructArray.from_arrays(
            [pa.array(column) for column in drawn.T], fields=list(kind), mask=pa.array(is_null)
        )


def times(seconds: np.ndarray, is_null: np.ndarray | None = None) -> pa.Array:
    """Turn seconds since `MIDNIGHT` into times."""
    start = int(MIDNIGHT.timestamp())
    return pa.array((start + seconds) * 1_000_000, mask=is_null).cast(pa.timestamp("us", tz="UTC"))


def number_ids(prefix: str, numbers: np.ndarray) -> pa.Array:
    """Make ids of numbers."""
    return pc.binary_join_element_wise(prefix, pa.array(numbers).cast(pa.string()), "-")


def _hide(values: pa.Array, is_hidden: np.ndarray) -> pa.Array:
    return pc.if_else(pa.array(is_hidden), pa.scalar(None, values.type), values)


def random_messages(seed: int, rows: int, *, days: float = 40) -> pa.RecordBatch:
    """Make MESSAGES: all roles; labels as the role has them, one in ten unread; tags in some texts."""
    draw = Draw(seed, rows)
    role = draw.column(MESSAGES.schema.field("role"))
    is_read = draw.flags(0.9)
    by_role = {
        "customer": ("sentiment", "sentiment_probabilities", "state", "state_probabilities", "signals",
                     "signal_probabilities"),
        "agent": ("steps", "step_probabilities"),
    }  # fmt: skip
    columns = {
        "case_id": number_ids("case", draw.rng.integers(0, max(rows // 4, 1), rows)),
        "sent_at": times(draw.seconds(days)),
        "message_id": number_ids("message", np.arange(rows)),
        "conversation_id": number_ids("thread", np.arange(rows)),
        "role": role,
    }
    is_labelled = np.zeros(rows, bool)
    for author, names in by_role.items():
        is_theirs = pc.equal(role, author).to_numpy(zero_copy_only=False) & is_read
        is_labelled |= is_theirs
        columns |= {name: _hide(_required(draw, MESSAGES, name), ~is_theirs) for name in names}
    names = ("confidence", "needs_review", "model_revision")
    columns |= {name: _hide(_required(draw, MESSAGES, name), ~is_labelled) for name in names}
    return draw.batch(MESSAGES, columns)


def _required(draw: Draw, contract: Contract, name: str) -> pa.Array:
    return draw.column(contract.schema.field(name).with_nullable(False))


def random_built_cases(seed: int, rows: int, *, days: float = 40) -> pa.RecordBatch:
    """Make BUILT_CASES, opened over so many days."""
    return _random_cases(BUILT_CASES, seed, rows, days)


def random_cases(seed: int, rows: int, *, days: float = 40) -> pa.RecordBatch:
    """Make CASES, opened over so many days; outcomes are free."""
    return _random_cases(CASES, seed, rows, days)


def _random_cases(contract: Contract, seed: int, rows: int, days: float) -> pa.RecordBatch:
    draw = Draw(seed, rows)
    opened, reply, resolution = draw.seconds(days), draw.seconds(3), draw.seconds(12)
    is_complaint, is_resolved, is_answered = draw.flags(0.7), draw.flags(0.6), draw.flags(0.8)
    status = draw.column(contract.schema.field("status"))
    state = draw.column(contract.schema.field("state_close"))
    is_known = status.is_valid().to_numpy(zero_copy_only=False) & state.is_valid().to_numpy(zero_copy_only=False)
    is_gap = pc.and_(pc.equal(status, "solved"), pc.equal(state, "uncertainty"))
    customers = number_ids("customer", draw.rng.integers(0, max(rows // 2, 1), rows))
    columns = {
        "case_id": number_ids("case", draw.rng.permutation(rows)),
        "customer_key": _hide(customers, draw.flags(0.1)),
        "opened_at": times(opened),
        "is_complaint": pa.array(is_complaint),
        "complained_at": times(opened, ~is_complaint),
        "landmark_at": times(opened + 14 * DAY_SECONDS),
        "status": status,
        "resolved_at": times(opened + resolution, ~is_resolved),
        "first_reply_at": times(opened + reply, ~is_answered),
        "first_reply_seconds": pa.array(reply, mask=~is_answered),
        "resolution_seconds": pa.array(resolution, mask=~is_resolved),
        "concrete_seconds": pa.array(reply + 60, mask=~is_answered | draw.flags(0.3)),
        "replies": pa.array(np.where(is_answered, draw.rng.integers(1, 5, rows), 0)),
        "attitude_seconds": pa.array(reply, mask=~is_answered | draw.flags(0.5)),
        "recovery_grade": _hide(draw.column(contract.schema.field("recovery_grade")), ~is_complaint),
        "state_close": state,
        "perception_gap": pa.array(is_gap.fill_null(False).to_numpy(zero_copy_only=False), mask=~is_known),
        "resolution_due_at": times(opened + draw.seconds(6), draw.flags(0.3)),
    }  # fmt: skip
    money = [name for name in contract.schema.names if name.startswith("revenue_")]
    columns |= {name: pa.array(draw.rng.gamma(1, 80, rows).round(2), mask=draw.flags(0.2)) for name in money}
    return draw.batch(contract, columns)


def random_journeys(seed: int, customers: int, *, days: float = 60) -> pa.RecordBatch:
    """Make JOURNEYS: whole journeys, all begun within so many days; the last spell of each lasts."""
    rng = np.random.default_rng(seed)
    spells = rng.geometric(0.4, customers)
    draw = Draw(seed + 1, int(spells.sum()))
    customer = np.repeat(np.arange(customers), spells)
    first = spells.cumsum() - spells
    number = np.arange(draw.rows) - first[customer] + 1
    # Gaps of hours to weeks; a journey's times are their running sum.
    gaps = np.where(number == 1, 0, (DAY_SECONDS * rng.exponential(9, draw.rows)).astype(np.int64))
    run = gaps.cumsum()
    start = rng.integers(0, int(days * DAY_SECONDS), customers)
    started = start[customer] + run - run[first][customer]
    is_last = number == spells[customer]
    ended = np.where(is_last, 0, np.roll(started, -1))
    end = started.max(initial=0)
    segments = draw_segments(rng, customers)
    columns = {
        "customer_key": number_ids("customer", customer),
        "spell_number": pa.array(number),
        "state": pa.array(SPELL_STATES).take(pa.array((number - 1) % 2)),
        "started_at": times(started),
        "ended_at": times(ended, is_last),
        "days": pa.array((np.where(is_last, end, ended) - started) / DAY_SECONDS),
        "is_censored": pa.array(is_last),
        "entry_reason": pa.array(list(ENTRY_REASONS)).take(pa.array(np.where(number == 1, 0, 1 + number % 4))),
        "case_id": _hide(number_ids("case", np.arange(draw.rows)), number == 1),
        "segment": segments.take(pa.array(customer)),
    }
    return draw.batch(JOURNEYS, columns)


def draw_segments(rng: np.random.Generator, customers: int) -> pa.Array:
    """Give each customer a segment, or null."""
    return pa.array([*SEGMENTS, None]).take(pa.array(rng.integers(0, len(SEGMENTS) + 1, customers)))

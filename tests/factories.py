"""Random rows that keep their contracts, from a seed: the worlds in which the tables are tested.

The columns of a row agree with each other where a table's rule reads several of them (a resolution is after the
opening, a grade needs a complaint, spells touch and alternate); beyond that the values are free, so that every
combination occurs.
"""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from schemas.cases import BUILT_CASES, CASES, GRADES
from schemas.contract import Contract
from schemas.journeys import JOURNEYS, SPELL_STATES
from schemas.labels import SENTIMENTS, SIGNALS, STATES, STEPS
from schemas.messages import MESSAGES
from schemas.raw_messages import ROLES, SEVERITIES, STATUSES, VALIDITIES

START = datetime(2024, 1, 3, 6, tzinfo=UTC)
DAY_SECONDS = 86_400
_MICROS = 1_000_000
_CHANNELS = ("email", "chat", "phone", "social")
_LANGS = ("en", "de", "nl")
_SEGMENTS = ("gold", "silver", "basic")


class Draw:
    """Draws columns of one length.

    Attributes:
        rng: Where the numbers come from.
        rows: The length.
    """

    def __init__(self, seed: int, rows: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.rows = rows

    def flags(self, share: float = 0.5) -> np.ndarray:
        """True with this share."""
        return self.rng.random(self.rows) < share

    def choice(self, values: tuple[str, ...], *, nulls: float = 0.0) -> pa.Array:
        """One of the values, or null."""
        codes = self.rng.integers(0, len(values), self.rows)
        return pa.array(values).take(pa.array(codes, mask=self.flags(nulls)))

    def several(self, values: tuple[str, ...], *, nulls: float = 0.0) -> pa.Array:
        """A list of some of the values, in their order, or null."""
        picked = self.rng.random((self.rows, len(values))) < 0.4
        offsets = np.concatenate([[0], picked.sum(axis=1).cumsum()])
        names = pa.array(values).take(pa.array(np.nonzero(picked)[1]))
        return pa.ListArray.from_arrays(
            pa.array(offsets.astype(np.int32)), names, mask=pa.array(self.flags(nulls))
        )

    def counts(self, most: int, *, nulls: float = 0.0) -> pa.Array:
        """A whole number from 0 to `most`, or null; small numbers are more frequent."""
        drawn = np.floor((most + 1) * self.rng.random(self.rows) ** 2).astype(np.int64)
        return pa.array(drawn, mask=self.flags(nulls))

    def numbers(self, low: float, high: float, *, nulls: float = 0.0, digits: int = 2) -> pa.Array:
        """A number with so many digits, or null."""
        return pa.array(
            self.rng.uniform(low, high, self.rows).round(digits), pa.float64(), mask=self.flags(nulls)
        )

    def maybe(self, share: float = 0.5, *, nulls: float = 0.0) -> pa.Array:
        """A flag, or null."""
        return pa.array(self.flags(share), mask=self.flags(nulls))

    def shares(self, labels: tuple[str, ...], is_null: np.ndarray) -> pa.Array:
        """Probabilities of labels, as a struct."""
        drawn = self.rng.dirichlet(np.ones(len(labels)), self.rows).round(4).astype(np.float32)
        return pa.StructArray.from_arrays(
            [pa.array(column) for column in drawn.T], names=list(labels), mask=pa.array(is_null)
        )

    def seconds(self, days: float) -> np.ndarray:
        """Seconds of up to so many days, one in ten of them a whole number of days."""
        drawn = self.rng.integers(0, int(days * DAY_SECONDS) + 1, self.rows)
        return np.where(self.flags(0.1), drawn // DAY_SECONDS * DAY_SECONDS, drawn)


def times(seconds: np.ndarray, *, is_null: np.ndarray | None = None) -> pa.Array:
    """Turn seconds since `START`'s midnight into times."""
    midnight = int(START.timestamp()) // DAY_SECONDS * DAY_SECONDS
    return pa.array((midnight + seconds) * _MICROS, mask=is_null).cast(pa.timestamp("us", tz="UTC"))


def _batch(contract: Contract, columns: dict[str, pa.Array]) -> pa.RecordBatch:
    arrays = [columns[field.name].cast(field.type) for field in contract.columns]
    return pa.RecordBatch.from_arrays(arrays, schema=contract.schema)


def _ids(prefix: str, numbers: np.ndarray) -> pa.Array:
    return pa.array(np.char.add(prefix, numbers.astype(str)).tolist(), pa.string())


def random_messages(seed: int, rows: int, *, days: float = 40) -> pa.RecordBatch:
    """Make MESSAGES: all roles, labels by role, one in ten not labelled, tags of redacted data in some texts."""
    draw = Draw(seed, rows)
    role = draw.choice(ROLES)
    is_customer = np.asarray(role.to_numpy(zero_copy_only=False) == "customer")
    is_agent = np.asarray(role.to_numpy(zero_copy_only=False) == "agent")
    is_unread = draw.flags(0.1)
    no_tone, no_steps = ~is_customer | is_unread, ~is_agent | is_unread
    no_label = no_tone & no_steps
    hide = pa.array(no_tone)
    columns = {
        "case_id": _ids("case-", draw.rng.integers(0, max(rows // 4, 1), rows)),
        "sent_at": times(draw.seconds(days)),
        "message_id": _ids("m-", np.arange(rows)),
    }

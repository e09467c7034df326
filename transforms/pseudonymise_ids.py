"""PseudonymiseIds: ids of customers and agents become keyed pseudonyms, before anything is stored.

A pseudonym is HMAC-SHA256 (RFC 2104, FIPS 180-4) of the id under the lake's key, as its first 32 hexadecimal
characters, which are 128 bits: among a billion ids the chance that two share one is about 10^-21 (n^2 /
2^129), and
without the key ids cannot be tried out, as they could with a plain hash. Customers and agents are hashed in
domains of their own, so that an employee who is also a customer has two pseudonyms that cannot be linked.
"""

import hashlib
import hmac
from dataclasses import dataclass, field

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.pvalue import PCollection

from schemas.errors import UsageError
from schemas.messages import CLEAN_COLUMNS

PSEUDONYM_CHARACTERS = 32
MIN_KEY_BYTES = 16
CUSTOMERS = b"customer"
AGENTS = b"agent"


def make_pseudonyms(ids: pa.Array, key: bytes, domain: bytes) -> pa.Array:
    """Return the pseudonym of each id.

    Args:
        ids: Ids (string), null where unknown.
        key: The secret.
        domain: What is named, `CUSTOMERS` or `AGENTS`; the same id has another pseudonym in each.

    Returns:
        Strings of 32 hexadecimal characters, null where the id is.
    """
    encoded = ids.dictionary_encode()
    # The one loop: hashing has no kernel in Arrow. It runs once per distinct id of the batch, not per row.
    pseudonyms = [
        hmac.digest(key, domain + b"\0" + id_.encode(), hashlib.sha256).hex()[:PSEUDONYM_CHARACTERS]
        for id_ in encoded.dictionary.to_pylist()
    ]
    return pa.array(pseudonyms, pa.string()).take(encoded.indices)


def pseudonymise_ids(batch: pa.RecordBatch, key: bytes) -> pa.RecordBatch:
    """Turn conformed messages into clean ones.

    Args:
        batch: The columns of `RAW_MESSAGES` and `case_id`.
        key: The secret.

    Returns:
        `CLEAN_COLUMNS` with `file` and `row` behind; `customer_key` and `agent_key` are pseudonyms.
    """
    made = {
        "customer_key": make_pseudonyms(batch["customer_id"], key, CUSTOMERS),
        "agent_key": make_pseudonyms(batch["agent_id"], key, AGENTS),
    }
    places = [batch.schema.field("file"), batch.schema.field("row")]
    schema = pa.schema([*CLEAN_COLUMNS, *places])
    columns = [made[name] if name in made else batch[name] for name in schema.names]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def pseudonymise_customers(batch: pa.RecordBatch, key: bytes) -> pa.RecordBatch:
    """Replace `customer_id` of events, surveys or profiles, in its place."""
    return _set(batch, "customer_id", make_pseudonyms(batch["customer_id"], key, CUSTOMERS))


def pseudonymise_changes(batch: pa.RecordBatch, key: bytes) -> pa.RecordBatch:
    """Replace `value` of case changes where `field` is assignee; other fields stay."""
    is_assignee = pc.equal(batch["field"], "assignee")
    assignees = pc.if_else(is_assignee, batch["value"], pa.scalar(None, batch["value"].type))
    values = pc.if_else(is_assignee, make_pseudonyms(assignees, key, AGENTS), batch["value"])
    return _set(batch, "value", values)


def _set(batch: pa.RecordBatch, name: str, values: pa.Array) -> pa.RecordBatch:
    place = batch.schema.get_field_index(name)
    return batch.set_column(place, batch.schema.field(place), values)


def _check_key(key: bytes) -> None:
    if len(key) < MIN_KEY_BYTES:
        raise UsageError(f"the pseudonym key has {len(key)} bytes; it must have at least {MIN_KEY_BYTES}")


@dataclass(eq=False)
class PseudonymiseIds(beam.PTransform):
    """Turn batches of conformed messages into clean ones.

    Attributes:
        key: The secret of the pseudonyms.
    """

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a key that could be guessed."""
        super().__init__()
        _check_key(self.key)

    def expand(self, messages: PCollection[pa.RecordBatch]) -> PCollection[pa.RecordBatch]:
        """Pseudonymise each batch."""
        return messages | "pseudonymise ids" >> beam.Map(pseudonymise_ids, self.key)


@dataclass(eq=False)
class PseudonymiseCustomers(beam.PTransform):
    """Replace `customer_id` in batches of events, surveys or profiles.

    Attributes:
        key: The secret of the pseudonyms.
    """

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a key that could be guessed."""
        super().__init__()
        _check_key(self.key)

    def expand(self, rows: PCollection[pa.RecordBatch]) -> PCollection[pa.RecordBatch]:
        """Pseudonymise each batch."""
        return rows | "pseudonymise customers" >> beam.Map(pseudonymise_customers, self.key)


@dataclass(eq=False)
class PseudonymiseChanges(beam.PTransform):
    """Replace the assignees in batches of case changes.

    Attributes:
        key: The secret of the pseudonyms.
    """

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a key that could be guessed."""
        super().__init__()
        _check_key(self.key)

    def expand(self, changes: PCollection[pa.RecordBatch]) -> PCollection[pa.RecordBatch]:
        """Pseudonymise each batch."""
        return changes | "pseudonymise assignees" >> beam.Map(pseudonymise_changes, self.key)

import hashlib
import hmac
from datetime import UTC, datetime

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from schemas.case_changes import CASE_CHANGES
from schemas.contract import Contract
from schemas.errors import UsageError
from schemas.events import EVENTS
from schemas.messages import CLEAN_COLUMNS
from schemas.profiles import PROFILES
from schemas.raw_messages import RAW_MESSAGES
from schemas.surveys import SURVEYS
from tests.transforms.cutting import CUTS, SEEDS, cut_rows
from transforms.pseudonymise_ids import (
    AGENTS,
    CUSTOMERS,
    PseudonymiseChanges,
    PseudonymiseCustomers,
    PseudonymiseIds,
    make_pseudonyms,
    pseudonymise_changes,
    pseudonymise_customers,
    pseudonymise_ids,
)

KEY = b"0123456789abcdef"
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
LINKED = pa.schema([*RAW_MESSAGES.schema, pa.field("case_id", pa.string(), nullable=False)])


def message(customer: str | None, agent: str | None = None, row: int = 1) -> dict[str, object]:
    return {
        "message_id": f"m{row}", "case_id": "k", "conversation_id": "k", "customer_id": customer, "agent_id": agent,
        "role": "customer", "sent_at": NOON, "text": "Hi @KLM", "file": "a.csv", "row": row,
    }  # fmt: skip


def batch_of(*rows: dict[str, object]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(list(rows), schema=LINKED)


def by_hand(domain: str, id_: str, key: bytes = KEY) -> str:
    return hmac.new(key, f"{domain}\0{id_}".encode(), hashlib.sha256).hexdigest()[:32]


def test_pseudonyms_are_hmac_sha256() -> None:
    # RFC 4231, test case 2, through our domain and cut: the key "Jefe" padded as HMAC pads short keys.
    made = make_pseudonyms(pa.array(["at do ya want for nothing?"]), b"Jefe", b"wh")
    assert made.to_pylist() == [hmac.new(b"Jefe", b"wh\0at do ya want for nothing?", "sha256").hexdigest()[:32]]
    assert (
        hmac.digest(b"Jefe", b"what do ya want for nothing?", "sha256").hex()[:32] == "5bdcc146bf60754e6a042426089575c7"
    )


def test_messages_become_clean_ones() -> None:
    clean = pseudonymise_ids(batch_of(message("c1"), message("c1", "a1", 2), message(None, "c1", 3)), KEY)
    assert clean.schema.names == [field.name for field in CLEAN_COLUMNS] + ["file", "row"]
    assert clean.schema.field("customer_key").metadata[b"meaning"].startswith(b"Pseudonym of the customer")
    customer = by_hand("customer", "c1")
    assert clean["customer_key"].to_pylist() == [customer, customer, None]
    assert clean["agent_key"].to_pylist() == [None, by_hand("agent", "a1"), by_hand("agent", "c1")]
    assert clean["text"].to_pylist() == ["Hi @KLM"] * 3
    assert clean["row"].to_pylist() == [1, 2, 3]
    clean.validate(full=True)


def test_domains_cannot_be_linked_and_keys_differ() -> None:
    ids = pa.array(["x"])
    made = {make_pseudonyms(ids, key, domain)[0].as_py() for key in (KEY, KEY[::-1]) for domain in (CUSTOMERS, AGENTS)}
    assert len(made) == 4


@pytest.mark.parametrize("batch", [batch_of(), batch_of(message(None))], ids=["no rows", "all null"])
def test_edges(batch: pa.RecordBatch) -> None:
    assert pseudonymise_ids(batch, KEY)["customer_key"].to_pylist() == [None] * len(batch)


def test_sliced_batch() -> None:
    batch = batch_of(message("a"), message("b", row=2), message("c", row=3)).slice(1, 1)
    assert pseudonymise_ids(batch, KEY)["customer_key"].to_pylist() == [by_hand("customer", "b")]


@pytest.mark.parametrize(
    ("contract", "values"),
    [
        (EVENTS, {"event_id": "e", "kind": "order", "occurred_at": NOON}),
        (SURVEYS, {"kind": "nps", "score": 9.0, "answered_at": NOON}),
        (PROFILES, {"segment": "gold"}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_customers_of_other_tables(contract: Contract, values: dict[str, object]) -> None:
    batch = pa.RecordBatch.from_pylist([{**values, "customer_id": "c1"}], schema=contract.schema)
    made = pseudonymise_customers(batch, KEY)
    assert made.schema.equals(batch.schema, check_metadata=True)
    assert made.to_pylist() == [{**batch.to_pylist()[0], "customer_id": by_hand("customer", "c1")}]


def changes(*pairs: tuple[str, str | None]) -> pa.RecordBatch:
    rows = [{"conversation_id": "k", "changed_at": NOON, "field": field, "value": value} for field, value in pairs]
    return pa.RecordBatch.from_pylist(rows, schema=CASE_CHANGES.schema)


def test_only_assignees_of_changes() -> None:
    made = pseudonymise_changes(
        changes(("assignee", "a1"), ("status", "open"), ("assignee", None), ("team", "a1")), KEY
    )
    assert made["value"].to_pylist() == [by_hand("agent", "a1"), "open", None, "a1"]
    assert made.schema == CASE_CHANGES.schema
    assert len(pseudonymise_changes(changes(), KEY)) == 0


@given(st.lists(st.one_of(st.none(), st.text(max_size=4)), max_size=10), CUTS, SEEDS)
def test_cut_and_order_do_not_matter(ids: list[str | None], cuts: list[int], seed: int) -> None:
    batch = batch_of(*(message(id_, row=row) for row, id_ in enumerate(ids)))
    whole = pseudonymise_ids(batch, KEY)
    parts = pa.Table.from_batches([pseudonymise_ids(part, KEY) for part in cut_rows(batch, cuts, seed)], whole.schema)
    assert parts.sort_by("row").equals(pa.table(whole))


def test_pipeline() -> None:
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        keys = (
            pipeline
            | "m" >> beam.Create([batch_of(message("c1"))])
            | PseudonymiseIds(KEY)
            | "mk" >> beam.FlatMap(lambda batch: batch["customer_key"].to_pylist())
        )
        customers = (
            pipeline
            | "p" >> beam.Create([pa.RecordBatch.from_pylist([{"customer_id": "c1"}], schema=PROFILES.schema)])
            | PseudonymiseCustomers(KEY)
            | "pk" >> beam.FlatMap(lambda batch: batch["customer_id"].to_pylist())
        )
        assignees = (
            pipeline
            | "c" >> beam.Create([changes(("assignee", "a1"))])
            | PseudonymiseChanges(KEY)
            | "ck" >> beam.FlatMap(lambda batch: batch["value"].to_pylist())
        )
        assert_that(keys, equal_to([by_hand("customer", "c1")]), label="messages")
        assert_that(customers, equal_to([by_hand("customer", "c1")]), label="customers")
        assert_that(assignees, equal_to([by_hand("agent", "a1")]), label="changes")


@pytest.mark.parametrize("transform", [PseudonymiseIds, PseudonymiseCustomers, PseudonymiseChanges])
def test_a_short_key_is_refused_and_a_key_never_printed(transform: type[PseudonymiseIds]) -> None:
    with pytest.raises(UsageError, match="the pseudonym key has 15 bytes; it must have at least 16"):
        transform(KEY[:15])
    assert "0123" not in repr(transform(KEY))

"""Small random worlds of customers: rows as dicts, so that an oracle can be plain Python."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from schemas.cases import BUILT_CASES, CASES
from schemas.check_batch import check_batch
from schemas.customers import CUSTOMERS
from schemas.events import EVENTS
from schemas.journeys import JOURNEYS
from schemas.moments import MOMENTS
from schemas.policy import Policy
from schemas.profiles import PROFILES
from schemas.surveys import SURVEYS
from transforms.average_experience import average_scores, sum_scores
from transforms.describe_customers import describe_customers
from transforms.follow_history import follow_history
from transforms.follow_journeys import follow_journeys
from transforms.measure_outcomes import measure_outcomes

Row = dict[str, Any]
DAY = timedelta(days=1)
START = datetime(2024, 1, 1, tzinfo=UTC)
UNTIL = START + 400 * DAY
EVENTS_FROM, EVENTS_UNTIL = START + 20 * DAY, START + 380 * DAY
POLICY = Policy(expectation_weight=0.3)
_FILL = {pa.string(): "x", pa.int64(): 0, pa.bool_(): False, pa.float64(): 0.0, pa.float32(): 0.0}


def day(number: float) -> datetime:
    """So many days after the start."""
    return START + number * DAY


def make_batch(schema: pa.Schema, rows: Iterable[Mapping[str, Any]]) -> pa.RecordBatch:
    """Rows as a batch: what a row leaves out is null, or a filler where the contract wants a value."""
    full = []
    for row in rows:
        assert set(row) <= set(schema.names), set(row) - set(schema.names)
        fill = {
            f.name: None if f.nullable else _FILL.get(f.type, [] if pa.types.is_list(f.type) else START) for f in schema
        }
        full.append(fill | dict(row))
    return pa.RecordBatch.from_pylist(full, schema=schema)


def case(case_id: str, customer: str | None, opened_at: datetime, **more: Any) -> Row:
    """A case; a complaint that the customer opened, unless `more` says otherwise."""
    base: Row = {"case_id": case_id, "customer_key": customer, "opened_at": opened_at, "is_complaint": True}
    return base | {"landmark_at": opened_at + 14 * DAY, "opened_by": "customer", "validity": "unknown"} | more


def moment(customer: str, sent_at: datetime, case_id: str, state: str, message_id: str = "m", **more: Any) -> Row:
    """A labelled message."""
    base: Row = {"customer_key": customer, "sent_at": sent_at, "case_id": case_id, "state": state}
    return base | {"message_id": message_id} | more


@dataclass
class World:
    """The rows of every input."""

    cases: list[Row]
    moments: list[Row]
    events: list[Row]
    surveys: list[Row]
    profiles: list[Row]

    def batches(self) -> tuple[pa.RecordBatch, ...]:
        """Cases, moments, events, surveys, profiles."""
        contracts = (BUILT_CASES, MOMENTS, EVENTS, SURVEYS, PROFILES)
        rows = (self.cases, self.moments, self.events, self.surveys, self.profiles)
        return tuple(make_batch(c.schema, r) for c, r in zip(contracts, rows, strict=True))

    def shuffle(self, seed: int) -> "World":
        """The same rows in another order."""
        rng = random.Random(seed)
        return World(*(rng.sample(rows, len(rows)) for rows in vars(self).values()))

    def part(self, customers: set[str | None]) -> "World":
        """The rows of some customers."""
        keys = ("customer_key", "customer_key", "customer_id", "customer_id", "customer_id")
        parts = zip(keys, vars(self).values(), strict=True)
        return World(*([row for row in rows if row[key] in customers] for key, rows in parts))


def random_world(seed: int, customers: int = 4) -> World:
    """Whole days and a few microseconds, so that windows are hit on their edges and times are equal."""
    rng = random.Random(seed)
    names = [f"k{number}" for number in range(customers)]

    def when() -> datetime:
        return day(rng.choice((*range(0, 400, 8), 14, 44, 104, 194))) + timedelta(microseconds=rng.choice((0, 0, 0, 1)))

    def maybe(value: Any, share: float = 0.75) -> Any:
        return value if rng.random() < share else None

    cases = []
    for number in range(rng.randrange(14)):
        state = rng.choice(("uncertainty", "neutral", "amazement"))
        opened_at, is_complaint = when(), rng.random() < 0.7
        more: Row = {
            "is_complaint": is_complaint,
            "complained_at": opened_at if is_complaint else None,
            "touchpoint": maybe(rng.choice(("bill", "app"))),
            "recovery_grade": maybe(rng.choice(("none", "partial", "full"))),
            "state_close": maybe(state),
            "experience_score": maybe(rng.randrange(-10, 11) / 10),
            "validity": rng.choice(("upheld", "explained", "refused", "unknown")),
            "first_reply_at": maybe(opened_at + rng.choice((0, 1 / 24, 8)) * DAY),
            "customer_messages": rng.randrange(4),
            "agent_messages": rng.randrange(4),
            "internal_notes": rng.randrange(2),
            "agent_minutes": maybe(rng.randrange(100) / 10),
        }
        cases.append(case(f"c{number:02}", maybe(rng.choice(names), 0.9), opened_at, **more))
    rng.shuffle(cases)
    moments = []
    for number in range(rng.randrange(25)):
        about = rng.choice(cases) if cases else case("none", None, START)
        writer = about["customer_key"] if about["customer_key"] and rng.random() < 0.9 else rng.choice(names)
        sent_at = about["opened_at"] + rng.choice((0, 0, 1, 8, 16, 180)) * DAY
        signals = [s for s in ("always_positive", "churn_intent", "return_intent", "advocacy") if rng.random() < 0.3]
        state = rng.choice(("uncertainty", "neutral", "amazement"))
        if sent_at <= UNTIL:
            more = {"signals": signals, "channel": maybe(rng.choice(("chat", "mail")))}
            moments.append(moment(writer, sent_at, about["case_id"], state, f"m{number:02}", **more))
    kinds = ("order", "order", "renewal", "visit", "cancellation")
    events = [
        {"event_id": f"e{n}", "customer_id": rng.choice(names), "kind": rng.choice(kinds)}
        | {
            "occurred_at": min(max(when(), EVENTS_FROM), EVENTS_UNTIL),
            "amount": maybe(rng.randrange(-99, 9999) / 100),
        }
        for n in range(rng.randrange(25))
    ]
    surveys = [
        {
            "customer_id": rng.choice(names),
            "conversation_id": maybe(rng.choice(cases)["case_id"] if cases else None),
        }
        | {"kind": rng.choice(("csat", "nps")), "score": float(rng.randrange(11)), "answered_at": when()}
        for _ in range(rng.randrange(12))
    ]
    surveys = list({(s["customer_id"], s["answered_at"], s["kind"]): s for s in surveys}.values())
    profiles = [
        {"customer_id": name, "since": maybe(when()), "segment": maybe("gold"), "value": maybe(100.0)}
        for name in [*names, "silent"]
        if rng.random() < 0.7
    ]
    return World(cases, moments, events, surveys, profiles)


def run_kernels(
    built: pa.RecordBatch,
    moments: pa.RecordBatch,
    events: pa.RecordBatch,
    surveys: pa.RecordBatch,
    profiles: pa.RecordBatch,
    company_average: float | None = None,
) -> dict[str, list[Row]]:
    """All kernels, as the night runs them: the rows of cases, journeys and customers, sorted by key."""
    history = follow_history(built, profiles, policy=POLICY)
    spans = {"messages_until": UNTIL, "events_from": EVENTS_FROM, "events_until": EVENTS_UNTIL}
    cases = measure_outcomes(history, events, surveys, moments, **spans)
    journeys = follow_journeys(moments, built, profiles, until=UNTIL)
    average = average_scores(sum_scores(cases)) if company_average is None else company_average
    customers = describe_customers(cases, journeys, moments, profiles, company_average=average)
    tables = {CASES: cases, JOURNEYS: journeys, CUSTOMERS: customers}
    return {
        contract.name: check_batch(batch, contract).sort_by([(name, "ascending") for name in contract.key]).to_pylist()
        for contract, batch in tables.items()
    }


def run_world(world: World, company_average: float | None = None) -> dict[str, list[Row]]:
    """`run_kernels` on a world."""
    return run_kernels(*world.batches(), company_average)


def query(sql: str, **tables: pa.RecordBatch) -> list[tuple[Any, ...]]:
    """What DuckDB answers, over batches that the SQL names."""
    with duckdb.connect() as database:
        for name, batch in tables.items():
            database.register(name, pa.table(batch))
        return database.sql(sql).fetchall()

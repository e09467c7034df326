"""Tables recomputed by DuckDB from the published messages and the raw exports, as the docs word them."""

from pathlib import Path

import duckdb

HERE = Path(__file__).parent
STEPS = ("acknowledge", "apologise", "fix", "attitude", "urgency")
HORIZONS = (30, 90, 180)
INTENTS = ("return_intent", "advocacy", "churn_intent")

# The demo's nightly.yaml, written down a second time on purpose.
POLICY = """
create table policy as select interval 14 days as window_length, 3600 as urgent_seconds, 5 as min_group,
    timestamptz '2026-07-01 00:00:00+00' as run_at;
create table targets (priority text, first_reply_seconds bigint, resolution_seconds bigint);
insert into targets values (null, 8 * 3600, 40 * 3600), ('urgent', 3600, 8 * 3600);
"""

_STEP_TIME = "min(sent_at) filter (list_contains(steps, '{step}')) as {step}_at,\n"
_STEP_SECONDS = "seconds_between(first_customer_at, {step}_at) as {step}_seconds,\n"
_HORIZON = """
case when is_seen and events_until >= landmark_at + interval {days} days then (
    select count(*) > 0 from events e where e.customer_key = a.customer_key and kind in ('order', 'renewal', 'visit')
    and happened > landmark_at and happened <= landmark_at + interval {days} days) end as came_back_{days},
case when is_seen and events_until >= landmark_at + interval {days} days then (
    select count(*) from events e where e.customer_key = a.customer_key and kind in ('order', 'renewal')
    and happened > landmark_at and happened <= landmark_at + interval {days} days) end as purchases_{days},
case when is_seen and events_until >= landmark_at + interval {days} days then (
    select coalesce(sum(amount), 0)::double from events e where e.customer_key = a.customer_key
    and happened > landmark_at and happened <= landmark_at + interval {days} days) end as revenue_{days},
case when is_seen and events_until >= landmark_at + interval {days} days then (
    select count(*) > 0 from events e where e.customer_key = a.customer_key and kind = 'cancellation'
    and happened > landmark_at and happened <= landmark_at + interval {days} days) end as churned_{days},
case when customer_key is not null and not left_early and messages_until >= landmark_at + interval {days} days then (
    select count(*) > 0 from expected_cases c where c.customer_key = a.customer_key and c.is_complaint
    and c.case_id <> a.case_id and c.opened_at > a.landmark_at
    and c.opened_at <= a.landmark_at + interval {days} days) end as complained_again_{days},
"""
_INTENT = """
(
    select bool_or(list_contains(signals, '{name}')) from moments m where m.customer_key = a.customer_key
    and sent_at > first_customer_at + to_seconds(first_reply_seconds)
    and sent_at <= first_customer_at + to_seconds(first_reply_seconds) + interval 180 days
) as {name}"""
_COUNTED = ("customer_messages", "negative", "neutral", "positive", "in_uncertainty", "in_amazement",
            "agent_messages", "cases_opened", "cases_resolved", "backlog", "backlog_in_arrears")  # fmt: skip


def open_oracle(lake: Path, exports: Path) -> duckdb.DuckDBPyConnection:
    """Open the published tables as `published.NAME` and what they should be as `expected_NAME`."""
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'; create schema published")
    for folder in sorted((lake / "current").iterdir()):
        if folder.is_dir():
            connection.execute(f"create view published.{folder.name} as from '{folder}/*.parquet'")
    connection.execute("create table messages as from published.messages")
    connection.execute(POLICY)
    load_exports(connection, exports)
    connection.execute("""
        create table moments as select * from messages
        where role = 'customer' and state is not null and customer_key is not null""")
    parts = {
        "step_times": "".join(_STEP_TIME.format(step=step) for step in STEPS),
        "step_seconds": "".join(_STEP_SECONDS.format(step=step) for step in STEPS),
        "horizons": "".join(_HORIZON.format(days=days) for days in HORIZONS),
        "intents": ",".join(_INTENT.format(name=name) for name in INTENTS),
        "zeros": ", ".join(f"coalesce({name}, 0) as {name}" for name in _COUNTED),
    }
    for name in ("macros", "cases", "history", "customers", "aggregates"):
        sql = (HERE / f"{name}.sql").read_text(encoding="utf-8")
        for part, text in parts.items():
            sql = sql.replace("{" + part + "}", text)
        # As tables, not views: each is read many times.
        connection.execute(sql.replace("create view expected_", "create table expected_"))
    return connection


def load_exports(connection: duckdb.DuckDBPyConnection, exports: Path) -> None:
    """Load the raw exports, rows that are dirty left out, with each customer's pseudonym beside the id.

    Pseudonyms are matched to ids by what else is known of a customer, not by hashing again: when they became
    one and what they are worth, which no two customers share.
    """
    for name in ("customers", "events", "surveys", "identities"):
        connection.execute(f"create table raw_{name} as from read_csv('{exports}/{name}.csv', all_varchar = true)")
    connection.execute("""
        create table keys as
        select r.customer_id, p.customer_key from raw_customers r
        join published.customers p on p.since = r.since::timestamptz and p.value = r.value::double;
        create table profiles as
        select customer_key, since::timestamptz as since, segment, value::double as value
        from raw_customers join keys using (customer_id);
        create table events as
        select customer_key, kind, try_cast(occurred_at as timestamptz) as happened,
               try_cast(amount as decimal(18, 4)) as amount
        from raw_events join keys using (customer_id)
        where happened is not null and (raw_events.amount is null or amount is not null);
        create table surveys as
        select customer_key, conversation_id, kind, score::double as score, answered_at::timestamptz as answered_at
        from raw_surveys join keys using (customer_id);
    """)

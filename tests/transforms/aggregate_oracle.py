"""The aggregate tables once more, each as one DuckDB query over the same rows: the oracle of the kernels.

The queries are written from the contracts' sentences and share no code with the kernels: customers are
multiplied out by weeks, cases by days, and quantiles and deviations are DuckDB's own.
"""

import math
from collections.abc import Sequence
from datetime import datetime

import duckdb
import pyarrow as pa

_Z = "1.959963984540054"  # 97.5 % of the standard normal distribution


def run_sql(query: str, **tables: pa.RecordBatch) -> pa.Table:
    """Run a query over batches; times lose their zone first, since they are all UTC."""
    with duckdb.connect(config={"threads": 1}) as connection:
        for name, batch in tables.items():
            connection.register(name, _drop_zones(batch))
        return connection.sql(query).to_arrow_table()


def _drop_zones(batch: pa.RecordBatch) -> pa.Table:
    fields = [
        pa.field(field.name, pa.timestamp("us") if pa.types.is_timestamp(field.type) else field.type)
        for field in batch.schema
    ]
    return pa.Table.from_batches([batch]).cast(pa.schema(fields))


def _wilson(hits: str, count: str, name: str) -> str:
    middle = f"(({hits}) + {_Z}**2 / 2) / (({count}) + {_Z}**2)"
    reach = f"{_Z} * sqrt(({hits}) * (({count}) - ({hits})) / ({count}) + {_Z}**2 / 4) / (({count}) + {_Z}**2)"
    return (
        f"case when ({count}) > 0 then {middle} - {reach} end as {name}_low, "
        f"case when ({count}) > 0 then {middle} + {reach} end as {name}_high"
    )


SEGMENT = "case segment when 'all' then 'all (segment)' else coalesce(segment, 'unknown') end"

_TRANSITIONS = f"""
with spells as (
    select * replace ({SEGMENT} as segment),
        lag(state, 1, 'new') over (partition by customer_key order by spell_number) as before
    from journeys
),
weeks as (
    select unnest(generate_series(
        (select date_trunc('week', min(started_at)) from spells), timestamp '{{until}}', interval 7 day
    )) as week
),
flows as (
    select date_trunc('week', started_at) as week, segment, before as from_state, state as to_state,
        customer_key
    from spells
    union all
    select week, segment, state, state, customer_key
    from weeks join spells on started_at < week and coalesce(ended_at, 'infinity') >= week + interval 7 day
    where week + interval 7 day <= timestamp '{{until}}'
),
doubled as (select * from flows union all select * replace ('all' as segment) from flows)
select
    week::date as week, segment, from_state, to_state,
    case when count(distinct customer_key) >= {{min_group}} then count(*) end as transitions,
    count(distinct customer_key) < {{min_group}} as is_suppressed
from doubled
where week <= timestamp '{{until}}'
group by all order by all
"""


def transitions_by_sql(journeys: pa.RecordBatch, *, until: datetime, min_group: int) -> pa.Table:
    """STATE_TRANSITIONS."""
    query = _TRANSITIONS.format(until=until.replace(tzinfo=None).isoformat(" "), min_group=min_group)
    return run_sql(query, journeys=journeys)


_DAYS = """
with said as (
    select sent_at::date as day, coalesce(channel, 'unknown') as channel, coalesce(lang, 'unknown') as lang,
        count(*) as messages,
        count(*) filter (role = 'customer' and sentiment is not null) as customer_messages,
        count(*) filter (sentiment = 'negative') as negative,
        count(*) filter (sentiment = 'neutral') as neutral,
        count(*) filter (sentiment = 'positive') as positive,
        count(*) filter (state = 'uncertainty') as in_uncertainty,
        count(*) filter (state = 'amazement') as in_amazement,
        count(*) filter (role = 'agent') as agent_messages
    from messages group by 1, 2, 3
),
known as (
    select opened_at::date as opened, resolved_at::date as resolved, resolution_due_at::date as due, status,
        coalesce(channel, 'unknown') as channel, coalesce(lang, 'unknown') as lang
    from cases
),
happened as (
    select day from said union select opened from known
    union select resolved from known where resolved is not null
),
days as (
    select unnest(generate_series(min(day)::timestamp, max(day)::timestamp, interval 1 day))::date as day
    from happened
),
opened as (select opened as day, channel, lang, count(*) as cases_opened from known group by 1, 2, 3),
closed as (
    select resolved as day, channel, lang, count(*) as cases_resolved
    from known where resolved is not null group by 1, 2, 3
),
waiting as (
    select day, channel, lang, count(*) as backlog, count(*) filter (due <= day) as backlog_in_arrears
    from days join known on opened <= day and (resolved is null or resolved > day)
    where status is not null group by 1, 2, 3
)
select day, channel, lang, coalesce(columns(* exclude (day, channel, lang, messages)), 0)
from said full join opened using (day, channel, lang)
full join closed using (day, channel, lang) full join waiting using (day, channel, lang)
order by day, channel, lang
"""


def days_by_sql(messages: pa.RecordBatch, cases: pa.RecordBatch) -> pa.Table:
    """SENTIMENT_DAILY."""
    return run_sql(_DAYS, messages=messages, cases=cases)


_GROUPS = """
with facts as (
    select *, coalesce({group}, 'unknown') as name,
        coalesce(first_reply_breached, resolution_breached) is not null as has_target,
        coalesce(first_reply_breached, false) or coalesce(resolution_breached, false) as is_breached
    from cases
)
select
    name as {group},
    count(*) as cases,
    count(*) filter (is_complaint) as complaints,
    quantile_disc(first_reply_seconds, 0.5) as first_reply_seconds_median,
    quantile_disc(first_reply_seconds, 0.9) as first_reply_seconds_p90,
    quantile_disc(resolution_seconds, 0.5) as resolution_seconds_median,
    avg((resolved_at is not null)::int) filter (
        resolved_at is not null or status is not null or company_response is null or agent_messages > 0)
        as resolved_share,
    avg(is_breached::int) filter (has_target) as breached_share,
    avg((recovery_grade = 'full')::int) filter (is_complaint) as fully_recovered_share,
    {fully_recovered},
    avg((state_close = 'uncertainty')::int) as left_in_uncertainty_share,
    {left_in_uncertainty},
    avg((state_close = 'amazement')::int) as left_in_amazement_share,
    avg(perception_gap::int) filter (status = 'solved') as perception_gap_share,
    avg((reopenings > 0)::int) as reopened_share,
    avg((validity = 'upheld')::int) filter (is_complaint and validity <> 'unknown') as upheld_share,
    count(*) < {min_group} as is_suppressed,
    avg((attitude_seconds is not null)::int)
        filter (is_complaint and replies > 0 and steps is not null) as warmth_share,
    {warmth},
    avg(hand_offs) as hand_offs_mean,
    avg(repeated_contacts) as repeated_contacts_mean,
    quantile_disc(concrete_seconds, 0.5) as concrete_seconds_median
from facts group by name order by name
"""
_ANSWERED = "is_complaint and replies > 0 and steps is not null"
_INTERVALS = {
    "fully_recovered": _wilson(
        "count(*) filter (is_complaint and recovery_grade = 'full')",
        "count(recovery_grade) filter (is_complaint)",
        "fully_recovered",
    ),
    "left_in_uncertainty": _wilson(
        "count(*) filter (state_close = 'uncertainty')", "count(state_close)", "left_in_uncertainty"
    ),
    "warmth": _wilson(f"count(attitude_seconds) filter ({_ANSWERED})", f"count(*) filter ({_ANSWERED})", "warmth"),
}


def groups_by_sql(cases: pa.RecordBatch, *, group: str, min_group: int) -> pa.Table:
    """TOUCHPOINTS, CHANNELS or TEAMS, with the columns of TEAMS for all; figures are not suppressed here."""
    return run_sql(_GROUPS.format(group=group, min_group=min_group, **_INTERVALS), cases=cases)


_RECOVERY = f"""
with complaints as (
    select * replace (coalesce(recovery_grade, 'unknown') as recovery_grade), {SEGMENT} as named
    from cases where is_complaint
),
doubled as (select * from complaints union all select * replace ('all' as named) from complaints),
grades as (select unnest(['none', 'partial', 'full', 'unknown']) as recovery_grade),
segments as (select distinct named from doubled)
select
    '{{name}}' as outcome, '{{kind}}' as kind, {{days}} as horizon_days, named as segment, recovery_grade,
    count({{column}}) as n,
    count(case_id) - count({{column}}) as n_excluded,
    avg({{column}}::double) as raw_rate,
    {{interval}}
from segments cross join grades left join doubled using (named, recovery_grade)
group by named, recovery_grade
having recovery_grade <> 'unknown' or count({{column}}) > 0
"""
_SHARE = _wilson("count(*) filter ({column})", "count({column})", "raw")
_MEAN = ", ".join(
    f"avg({{column}}::double) {sign} {_Z} * stddev_samp({{column}}::double) / sqrt(count({{column}})) as raw_{end}"
    for sign, end in (("-", "low"), ("+", "high"))
)
_OUTCOMES = (
    *(("came_back", "loyalty", days, _SHARE) for days in (30, 90, 180)),
    *(("purchases", "loyalty", days, _MEAN) for days in (30, 90, 180)),
    *(("revenue", "loyalty", days, _MEAN) for days in (30, 90, 180)),
    *(("churned", "loyalty", days, _SHARE) for days in (30, 90, 180)),
    *(("complained_again", "loyalty", days, _SHARE) for days in (30, 90, 180)),
    ("return_intent", "intent", 0, _SHARE),
    ("advocacy", "intent", 0, _SHARE),
    ("churn_intent", "intent", 0, _SHARE),
    ("csat", "satisfaction", 0, _MEAN),
    ("nps", "satisfaction", 0, _MEAN),
    ("disputed", "dispute", 0, _SHARE),
)


def recovery_by_sql(cases: pa.RecordBatch) -> pa.Table:
    """RECOVERY_LOYALTY without the adjusted columns; rates are not suppressed here."""
    queries = []
    for name, kind, days, interval in _OUTCOMES:
        column = f"{name}_{days}" if days else name
        expressions = {"column": column, "interval": interval.format(column=column)}
        queries.append(_RECOVERY.format(name=name, kind=kind, days=days, **expressions))
    union = " union all ".join(f"({query})" for query in queries)
    return run_sql(f"select * from ({union}) order by outcome, horizon_days, segment, recovery_grade", cases=cases)


_QUALITY = """
with flags as (
    select role, coalesce(lang, 'unknown') as lang, 1 as rows, (model_revision is not null)::int as labelled,
        coalesce(needs_review, false)::int as needs_review
    from messages
),
items as (
    select 'table' as scope, 'messages' as item, * exclude (role, lang) from flags
    union all select 'role', role, * exclude (role, lang) from flags
    union all select 'lang', lang, * exclude (role, lang) from flags
),
summed as (
    select scope, item, sum(rows) as rows, sum(labelled) as labelled, sum(needs_review) as needs_review
    from items group by all
)
select scope, item, counter, value::double as value
from (unpivot summed on rows, labelled, needs_review into name counter value value)
union all
select 'model', model_revision, 'labelled', count(*) from messages where model_revision is not null group by 2
union all
select 'redaction', tag, 'tags',
    sum((length(text) - length(replace(text, '[' || tag || ']', ''))) / (length(tag) + 2))
from messages cross join (select unnest({tags}) as tag)
where text is not null group by 2
order by scope, item, counter
"""


def labels_by_sql(messages: pa.RecordBatch, *, tags: Sequence[str]) -> pa.Table:
    """The counters of the labels."""
    return run_sql(_QUALITY.format(tags=list(tags)), messages=messages)


def assert_same_rows(found: Sequence[dict], expected: Sequence[dict]) -> None:
    """Hold every value against the oracle's: fractions within 1e-12, counts, nulls and names exactly."""
    assert len(found) == len(expected)
    for row, known in zip(found, expected, strict=True):
        assert row.keys() == known.keys()
        for name, value in row.items():
            is_fraction = isinstance(value, float) and isinstance(known[name], float)
            # The end of an interval may lie near 0, where only the distance says how exact it is.
            same = math.isclose(value, known[name], rel_tol=1e-12, abs_tol=1e-12) if is_fraction else None
            assert same or value == known[name], (row, name, known[name])

"""Outcomes recomputed by DuckDB from the exported files alone, for any test that has a demo at hand."""

from pathlib import Path

import duckdb

_OUTCOMES = """
with events as (
    select customer_id, kind, try_cast(occurred_at as timestamp) as happened
    from read_csv('{folder}/events.csv', all_varchar = true)
    where try_cast(occurred_at as timestamp) is not null
      and (amount is null or try_cast(amount as double) is not null)
),
cases as (
    select conversation_id, customer_id, recovery_grade, segment, cast(opened_at as timestamp) as opened,
           cast(opened_at as timestamp) + interval 14 days as landmark
    from read_csv('{folder}/truth_cases.csv', all_varchar = true)
    where is_complaint = 'true'
)
select conversation_id, any_value(recovery_grade) as recovery_grade, any_value(segment) as segment,
       bool_or(kind = 'cancellation' and happened > opened and happened <= landmark) is true
           as left_before_landmark,
       count(*) filter (
           kind in ('order', 'renewal') and happened >= opened - interval 90 days and happened < opened
       ) as purchases_before_90,
       {horizons}
from cases left join events using (customer_id)
group by conversation_id
order by conversation_id
"""
_HORIZON = """
       bool_or(kind != 'cancellation' and happened > landmark and happened <= landmark + interval {days} days)
           is true as came_back_{days},
       bool_or(kind = 'cancellation' and happened > landmark and happened <= landmark + interval {days} days)
           is true as churned_{days}"""


def outcomes_by_sql(folder: Path) -> duckdb.DuckDBPyRelation:
    """One row a true complaint: its true grade, and its outcomes as the events of its customer tell them.

    Where the horizon is not over by the end of the exports the outcome is only what was seen so far;
    `has_90` of truth_cases.csv says where it is over.
    """
    horizons = ",".join(_HORIZON.format(days=days) for days in (30, 90, 180))
    return duckdb.sql(_OUTCOMES.format(folder=folder, horizons=horizons))

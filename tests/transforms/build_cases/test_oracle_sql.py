"""Columns of the cases recomputed by DuckDB from the same messages and changes."""

from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import pytest

from schemas.policy import Policy
from tests.transforms.build_cases.worlds import random_world
from transforms.build_cases import build_cases

SQL = """
with m as (
  select *, row_number() over (partition by case_id order by sent_us, message_id) as nr from messages
), firsts as (
  select case_id, min(nr) filter (role = 'customer') as asked_nr, min(sent_us) as opened_us,
         min(sent_us) filter (role = 'customer') as asked_us,
         coalesce(arg_min(role, nr) filter (role <> 'internal'), 'agent') as opened_by
  from m group by case_id
), talk as (
  select m.*, f.asked_us, f.asked_nr, f.opened_us,
         role = 'agent' and nr > asked_nr as is_answer,
         role = 'agent' and nr > asked_nr and sent_us <= opened_us + 14 * 86400000000 as in_window
  from m join firsts f using (case_id)
), turns as (
  select case_id, count(*) filter (role = 'agent' and before = 'customer') as replies from (
    select *, lag(role) over (partition by case_id order by nr) as before
    from m where role in ('customer', 'agent')
  ) group by case_id
), events as (
  select case_id, sent_us as us, 0 as origin, message_id as tie, status from m where status is not null
  union all
  select case_id, us, 1, value, value from changes
  where field = 'status' and value is not null and case_id in (select case_id from m)
), line as (
  select *, lag(status) over w as before, row_number() over w as nr from events
  window w as (partition by case_id order by us, origin, tie)
), ends as (
  select case_id, arg_max(status, nr) as status,
         max(us) filter (status = 'solved' and before is distinct from 'solved') as solving_us,
         count(*) filter (before = 'solved' and status <> 'solved') as reopenings
  from line group by case_id
), text_ends as (
  select case_id, max(sent_us) filter (is_answer and list_contains(steps, 'fix')) as fix_us,
         coalesce(max(nr) filter (is_answer and list_contains(steps, 'fix')), 0)
           > coalesce(max(nr) filter (role = 'customer' and state = 'uncertainty'), 0) as is_settled
  from talk group by case_id
), assigned as (
  select case_id, count(*) filter (before <> value) as hand_offs from (
    select *, lag(value) over (partition by case_id order by us, value) as before
    from changes where field = 'assignee' and value is not null
  ) group by case_id
), writers as (
  select case_id, count(*) filter (before <> agent_key) as hand_offs from (
    select *, lag(agent_key) over (partition by case_id order by nr) as before
    from m where role = 'agent' and agent_key is not null
  ) group by case_id
), sums as (
  select case_id, any_value(opened_us) as opened_us,
    count(*) filter (role = 'customer') as customer_messages,
    count(*) filter (role = 'agent') as agent_messages,
    count(*) filter (role = 'internal') as internal_notes,
    sum(agent_minutes) as agent_minutes,
    coalesce(arg_min(customer_key, nr) filter (role = 'customer'), arg_min(customer_key, nr)) as customer_key,
    coalesce(list_sort(list(distinct channel) filter (channel is not null)), []) as channels,
    arg_min(lang, nr) filter (role = 'customer') as lang,
    coalesce(bool_or(role = 'customer' and state = 'uncertainty'), false) as is_complaint,
    min(sent_us) filter (role = 'customer' and state = 'uncertainty') as complained_us,
    min(sent_us) filter (is_answer) as replied_us,
    min(sent_us) filter (is_answer and list_contains(steps, 'fix')) as fix_us,
    min(sent_us) filter (is_answer and list_has_any(steps, ['fix', 'offer'])) as concrete_us,
    arg_min(state, nr) filter (role = 'customer') as state_open,
    coalesce(arg_max(state, nr) filter (role = 'customer' and state <> 'neutral'),
             arg_max(state, nr) filter (role = 'customer')) as state_close,
    arg_max(sentiment, nr) filter (role = 'customer') as sentiment_close,
    bool_or(needs_review) as needs_review,
    arg_max(company_response, nr) as company_response,
    count(*) filter (in_window) as window_answers,
    count(*) filter (in_window and steps is not null) as window_read,
    coalesce(flatten(list(steps) filter (in_window and steps is not null)), []) as shown
  from talk group by case_id
)
select case_id, opened_by, customer_key, channels, lang, is_complaint, complained_us,
  customer_messages, agent_messages, internal_notes, coalesce(replies, 0) as replies, agent_minutes,
  coalesce(a.hand_offs, w.hand_offs, 0) as hand_offs,
  e.status, e.reopenings,
  case when e.status = 'solved' then solving_us
       when e.status is null and is_settled then t.fix_us end as resolved_us,
  case when opened_by <> 'agent' then replied_us end as first_reply_us,
  case when opened_by <> 'agent' then (replied_us - asked_us) // 1000000 end as first_reply_seconds,
  (s.fix_us - asked_us) // 1000000 as fix_seconds,
  (concrete_us - asked_us) // 1000000 as concrete_seconds,
  state_open, state_close, sentiment_close, needs_review, company_response,
  case when window_answers > 0 and window_read = 0 then null
       when agent_messages = 0 and company_response is not null then null
       else list_filter(
         ['acknowledge', 'apologise', 'fix', 'attitude', 'urgency', 'refuse', 'explain', 'offer'],
         lambda step: list_contains(shown, step)) end as steps
from sums s join firsts f using (case_id) left join turns using (case_id) left join ends e using (case_id)
left join text_ends t using (case_id) left join assigned a using (case_id) left join writers w using (case_id)
order by case_id
"""


def _in_micros(batch: pa.RecordBatch, time: str, name: str) -> pa.Table:
    return pa.Table.from_batches([batch.append_column(name, batch.column(time).cast(pa.int64())).drop_columns(time)])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_duckdb_computes_the_same_from_the_same_messages(seed: int) -> None:
    messages, changes = random_world(seed, cases=2000)
    built = build_cases(
        messages,
        changes,
        policy=Policy(),
        every_case_is_a_complaint=False,
        run_at=datetime(2024, 12, 31, tzinfo=UTC),
    )
    with duckdb.connect() as connection:
        connection.register("messages", _in_micros(messages.drop_columns("responded_at"), "sent_at", "sent_us"))
        connection.register("changes", _in_micros(changes, "changed_at", "us"))
        expected = connection.sql(SQL).to_arrow_table()
    assert expected.num_rows == built.num_rows == 2000
    assert expected.num_columns == 26
    for name in expected.column_names:
        ours = built.column(name.replace("_us", "_at"))
        if name.endswith("_us"):
            ours = ours.cast(pa.int64())
        assert ours.to_pylist() == expected.column(name).to_pylist(), name
        assert len(set(map(str, ours.to_pylist()))) > 1, name

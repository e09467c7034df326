-- A customer's history and outcomes, from published messages (through expected_cases) and the raw exports.
-- Reads: expected_cases; profiles, events, surveys (raw, with customer_key); moments.
create view expected_history as
with recursive known as (
    select c.case_id, c.customer_key, c.opened_at, c.is_complaint, c.touchpoint, recovery_grade, experience_score,
           row_number() over (partition by c.customer_key order by c.opened_at, c.case_id) as place
    from expected_cases c where c.customer_key is not null
),
failures as (
    select case_id, row_number() over line as failure_number, lag(opened_at) over line as failed_before,
           lag(touchpoint) over line as touchpoint_before, lag(recovery_grade) over line as previous_recovery_grade
    from known where is_complaint
    window line as (partition by customer_key order by opened_at, case_id)
),
scored as (
    select *, row_number() over (partition by customer_key order by place) as score_number
    from known where experience_score is not null
),
walk as (
    select customer_key, score_number, place, experience_score as expectation from scored where score_number = 1
    union all
    select s.customer_key, s.score_number, s.place, 0.5 * s.experience_score + 0.5 * w.expectation
    from walk w join scored s on s.customer_key = w.customer_key and s.score_number = w.score_number + 1
)
select c.case_id, p.segment, p.value as customer_value,
       (epoch_us(c.opened_at) - epoch_us(p.since)) / 86400e6 as tenure_days,
       failure_number, previous_recovery_grade,
       (epoch_us(c.opened_at) - epoch_us(failed_before)) / 86400e6 as days_since_previous_failure,
       case when failed_before is not null then c.touchpoint = touchpoint_before end as same_touchpoint,
       case when c.is_complaint then c.recovery_grade = 'none' and c.state_close = 'uncertainty' end
           as double_deviation,
       round((
           select arg_max(w.expectation, w.place) from walk w
           where w.customer_key = c.customer_key and w.place < k.place
       ), 6) as expected_score
from expected_cases c
left join known k using (case_id) left join failures f using (case_id)
left join profiles p on p.customer_key = c.customer_key;

create view expected_outcomes as
with reach as (
    select (select min(happened) from events) as events_from, (select max(happened) from events) as events_until,
           (select max(sent_at) from messages) as messages_until
),
spans as (
    select c.case_id, c.customer_key, opened_at, landmark_at, first_reply_seconds, first_customer_at, reach.*,
           exists (
               from events e where e.customer_key = c.customer_key and kind = 'cancellation'
               and happened >= opened_at and happened <= landmark_at
           ) as left_early
    from expected_cases c cross join reach
),
at_risk as (
    select *, customer_key is not null and not left_early and events_from <= opened_at as is_seen from spans
)
select case_id,
       case when customer_key is null or events_from > opened_at then null
            when left_early then true
            when events_until >= landmark_at then false end as left_before_landmark,
       case when customer_key is not null and events_from <= opened_at - interval 90 days
                 and events_until >= opened_at then (
           select count(*) from events e where e.customer_key = a.customer_key and kind in ('order', 'renewal')
           and happened >= opened_at - interval 90 days and happened < opened_at) end as purchases_before_90,
       {horizons}
       (
           select arg_max(score, answered_at) from surveys s
           where kind = 'csat' and s.customer_key = a.customer_key and s.conversation_id = a.case_id
       ) as csat,
       (
           select arg_min(score, answered_at) from surveys s
           where kind = 'nps' and s.customer_key = a.customer_key and answered_at > landmark_at
           and answered_at <= landmark_at + interval 180 days
       ) as nps,
       {intents}
from at_risk a;

-- Spells and standing, from the labelled customer messages alone (docs/journeys.md).
-- Reads: moments, profiles, expected_cases, messages.
create view expected_journeys as
with until as (select max(sent_at) as until from messages),
instants as (
    -- Of the messages of one instant the last that is not neutral counts.
    select customer_key, sent_at, last(state order by case_id, message_id) as state,
           last(case_id order by case_id, message_id) as case_id
    from moments where state <> 'neutral' group by customer_key, sent_at
),
begun as (
    select customer_key, least(any_value(p.since), min(sent_at)) as started_at,
           coalesce(any_value(p.since) < min(sent_at), false) as by_since,
           arg_min(case_id, (sent_at, case_id, message_id)) as first_case
    from moments full join profiles p using (customer_key) group by customer_key
    having min(sent_at) is not null or any_value(p.since) <= (from until)
),
turns as (
    select *, coalesce(lag(state) over (partition by customer_key order by sent_at), 'uncertainty') as state_before
    from instants
),
spells as (
    select customer_key, 'uncertainty' as state, started_at, if(by_since, null, first_case) as case_id, true as is_first
    from begun
    union all
    select customer_key, state, sent_at, case_id, false from turns where state <> state_before
),
ordered as (
    select *, row_number() over line as spell_number, lead(started_at) over line as ended_at,
           lag(case_id) over line as case_before
    from spells window line as (partition by customer_key order by started_at, not is_first)
)
select o.customer_key, spell_number, state, started_at, ended_at, ended_at is null as is_censored, o.case_id,
       (epoch_us(coalesce(ended_at, until)) - epoch_us(started_at)) / 86400e6 as days, p.segment,
       case when is_first then 'new_customer'
            when state = 'uncertainty' then if(case_before = o.case_id, 'relapse', 'complaint')
            when exists (
                from moments m where m.customer_key = o.customer_key and m.case_id = o.case_id
                and m.state = 'uncertainty' and (m.sent_at, m.message_id) < (o.started_at, 'zzz')
            ) or exists (
                from expected_cases c where c.case_id = o.case_id and c.complained_at < o.started_at
            ) then 'recovered'
            else 'praise' end as entry_reason,
       (
           select count(*) from expected_cases c
           where c.customer_key = o.customer_key and is_complaint
           and (opened_at >= started_at or spell_number = 1) and (ended_at is null or opened_at < ended_at)
       ) as complaints
from ordered o cross join until left join profiles p using (customer_key);

create view expected_customers as
with company as (select avg(experience_score) as average from expected_cases),
people as (
    select customer_key from profiles union select customer_key from moments
    union select customer_key from expected_cases where customer_key is not null
),
their_cases as (
    select customer_key, count(*) as cases, count(*) filter (is_complaint) as complaints,
           count(*) filter (is_complaint and validity = 'upheld') as complaints_upheld,
           count(*) filter (is_complaint and validity <> 'unknown') as complaints_judged,
           count(experience_score) as experiences,
           avg((experience_score > average)::int) filter (experience_score is not null) as consistency_share,
           stddev_pop(experience_score) as consistency_spread,
           arg_max(experience_score, (opened_at, case_id)) filter (experience_score is not null) as latest_score,
           arg_max(case_id, (opened_at, case_id)) filter (experience_score is not null) as latest_case,
           sum(customer_messages + agent_messages + internal_notes) as messages,
           sum(agent_minutes) as agent_minutes
    from expected_cases cross join company group by customer_key
),
their_words as (
    select customer_key, min(sent_at) as first_message_at, max(sent_at) as last_message_at,
           coalesce(list_sort(list_distinct(list(channel) filter (channel is not null))), []) as channels,
           bool_or(list_contains(signals, 'always_positive')) as always_positive,
           bool_or(list_contains(signals, 'advocacy')) as advocacy,
           arg_max(case_id, (sent_at, case_id, message_id)) as last_case
    from moments group by customer_key
),
leaving as (
    select m.customer_key, bool_or(list_contains(signals, 'churn_intent')) as churn_intent
    from moments m join their_words w on m.customer_key = w.customer_key and m.case_id = w.last_case group by all
),
lasting as (from expected_journeys where is_censored),
summed as (
    select p.customer_key, r.segment, r.since, r.value, coalesce(l.state, 'uncertainty') as state,
           l.started_at as state_since, w.first_message_at, w.last_message_at, coalesce(w.channels, []) as channels,
           coalesce(cases, 0) as cases, coalesce(c.complaints, 0) as complaints,
           coalesce(complaints_upheld, 0) as complaints_upheld, coalesce(complaints_judged, 0) as complaints_judged,
           coalesce(experiences, 0) as experiences, consistency_share, round(consistency_spread, 6) as consistency_spread,
           latest_score, h.expected_score, round(latest_score - h.expected_score, 6) as expectation_gap,
           always_positive, advocacy, churn_intent,
           coalesce(messages, 0) as messages, agent_minutes
    from people p left join profiles r using (customer_key) left join lasting l using (customer_key)
    left join their_words w using (customer_key) left join their_cases c using (customer_key)
    left join leaving using (customer_key) left join expected_history h on h.case_id = c.latest_case
)
select *, case when expectation_gap < -0.25 then 'poor' when expectation_gap <= 0.25 then 'neutral'
               when expectation_gap <= 0.75 then 'good' when expectation_gap > 0.75 then 'exceptional' end
    as experience_grade
from summed;

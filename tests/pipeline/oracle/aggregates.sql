-- The aggregate tables, as docs/aggregates.md words them.
-- Reads: messages, expected_cases, expected_history, expected_outcomes, expected_journeys.
create view told as
select c.*, h.* exclude (case_id), o.* exclude (case_id)
from expected_cases c join expected_history h using (case_id) join expected_outcomes o using (case_id);

create view expected_sentiment_daily as
with said as (
    select sent_at::date as day, coalesce(channel, 'unknown') as channel, coalesce(lang, 'unknown') as lang, *
           exclude (channel, lang)
    from messages
),
stands as (
    select opened_at::date as opened, resolved_at::date as resolved, resolution_due_at::date as due, status,
           coalesce(channel, 'unknown') as channel, coalesce(lang, 'unknown') as lang
    from expected_cases
),
days as (
    select unnest(generate_series(
        least((select min(day) from said), (select min(opened) from stands)),
        greatest((select max(day) from said), (select max(resolved) from stands)), interval 1 day
    ))::date as day
),
groups as (select distinct channel, lang from said union select distinct channel, lang from stands),
open as (
    select day, channel, lang, count(*) as backlog, count(*) filter (due <= day) as backlog_in_arrears
    from days join stands on opened <= day and (resolved is null or resolved > day) and status is not null
    group by all
),
spoken as (
    select day, channel, lang,
           count(*) as any_messages,
           count(*) filter (role = 'customer' and state is not null) as customer_messages,
           count(*) filter (sentiment = 'negative') as negative, count(*) filter (sentiment = 'neutral') as neutral,
           count(*) filter (sentiment = 'positive') as positive,
           count(*) filter (state = 'uncertainty') as in_uncertainty,
           count(*) filter (state = 'amazement') as in_amazement,
           count(*) filter (role = 'agent') as agent_messages
    from said group by all
),
opened as (select opened as day, channel, lang, count(*) as cases_opened from stands group by all),
resolved as (
    select resolved as day, channel, lang, count(*) as cases_resolved from stands where resolved is not null group by all
)
select day, channel, lang, {zeros}
from days cross join groups left join spoken using (day, channel, lang) left join opened using (day, channel, lang)
left join resolved using (day, channel, lang) left join open using (day, channel, lang)
where any_messages > 0 or cases_opened > 0 or cases_resolved > 0 or backlog > 0;

create macro group_figures(name) as table
with grouped as (
    select coalesce(case name when 'touchpoint' then touchpoint when 'channel' then channel else team end, 'unknown')
        as item, *
    from told
)
select item, count(*) as cases, count(*) filter (is_complaint) as complaints,
       percentile_disc(0.5) within group (order by first_reply_seconds) as first_reply_seconds_median,
       percentile_disc(0.9) within group (order by first_reply_seconds) as first_reply_seconds_p90,
       percentile_disc(0.5) within group (order by resolution_seconds) as resolution_seconds_median,
       percentile_disc(0.5) within group (order by concrete_seconds) as concrete_seconds_median,
       avg((resolved_at is not null)::int) as resolved_share,
       avg((coalesce(first_reply_breached, false) or coalesce(resolution_breached, false))::int)
           filter (first_reply_breached is not null or resolution_breached is not null) as breached_share,
       count(*) filter (recovery_grade = 'full') as full_hits, count(recovery_grade) as full_of,
       count(*) filter (state_close = 'uncertainty') as uncertainty_hits, count(state_close) as uncertainty_of,
       avg((state_close = 'amazement')::int) as left_in_amazement_share,
       avg(perception_gap::int) filter (status = 'solved') as perception_gap_share,
       avg((reopenings > 0)::int) as reopened_share,
       avg((validity = 'upheld')::int) filter (is_complaint and validity <> 'unknown') as upheld_share,
       count(*) filter (is_complaint and can_read and attitude_seconds is not null) as warmth_hits,
       count(*) filter (is_complaint and can_read) as warmth_of,
       avg(hand_offs) as hand_offs_mean, avg(repeated_contacts) as repeated_contacts_mean,
       count(*) < (select min_group from policy) as is_suppressed
from grouped group by item;

create view expected_transitions as
with until as (select max(sent_at) as until from messages),
spells as (
    select j.*, coalesce(lag(state) over (partition by customer_key order by spell_number), 'new') as state_before,
           unnest(['all', coalesce(segment, 'unknown')]) as in_segment
    from expected_journeys j
),
weeks as (
    select unnest(generate_series(
        date_trunc('week', (select min(started_at) from spells)), date_trunc('week', until), interval 7 day
    )) as monday from until
),
changes as (
    select date_trunc('week', started_at)::date as week, in_segment as segment, state_before as from_state,
           state as to_state, customer_key
    from spells
),
stays as (
    select monday::date, in_segment, state, state, customer_key
    from weeks join spells on started_at < monday and coalesce(ended_at >= monday + interval 7 day, true) cross join until
    where monday + interval 7 day <= until
)
select week, segment, from_state, to_state,
       count(distinct customer_key) < min_group as is_suppressed,
       case when count(distinct customer_key) >= min_group then count(*) end as transitions
from (from changes union all from stays) cross join policy
where week >= (select date_trunc('week', min(sent_at)) from messages)
group by week, segment, from_state, to_state, min_group;

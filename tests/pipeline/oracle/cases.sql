-- The columns of `cases` that messages alone decide, as docs/cases.md words them.
-- Reads: messages (published); policy (one row); targets.
create view expected_cases as
with ordered as (
    select m.*, row_number() over line as place,
           min(sent_at) over (partition by case_id) as opened_at,
           count(*) filter (role = 'customer') over (line rows unbounded preceding) > 0 as after_customer
    from messages m
    window line as (partition by case_id order by sent_at, message_id)
),
answers as (select * from ordered where role = 'agent' and after_customer),
in_window as (select answers.* from answers, policy where sent_at <= opened_at + window_length),
-- Who writes to the customer or as the customer, and who wrote before.
talk as (
    select *, lag(role) over (partition by case_id order by place) as role_before,
           lag(agent_key) over (partition by case_id, role, agent_key is null order by place) as agent_before,
           count(*) filter (role = 'agent') over (partition by case_id order by place) as agent_messages_so_far
    from ordered where role in ('customer', 'agent')
),
waits as (
    select case_id, sent_at, min(sent_at) over (partition by case_id, agent_messages_so_far) as waiting_since
    from talk where role = 'customer'
),
-- Status events; a stretch is an unbroken run of one status being solved or not.
events as (
    select case_id, sent_at, status, place, lag(status) over line as status_before,
           count(*) filter (status <> 'solved') over (line rows unbounded preceding) as stretch
    from ordered where status is not null window line as (partition by case_id order by place)
),
statuses as (
    select case_id, last(status order by place) as status,
           count(*) filter (status_before = 'solved' and status <> 'solved') as reopenings,
           max(stretch) as last_stretch
    from events group by case_id
),
solved as (
    select case_id, min(sent_at) as resolved_at
    from events join statuses using (case_id)
    where statuses.status = 'solved' and events.status = 'solved' and stretch = last_stretch
    group by case_id
),
fixed_by_text as (
    select case_id, max_by(sent_at, place) as fixed_at, max(place) as fixed_place
    from answers where list_contains(steps, 'fix') group by case_id
),
resolved_by_text as (
    select case_id, fixed_at as resolved_at
    from fixed_by_text f
    where case_id not in (select case_id from statuses)
      and not exists (
          from ordered o
          where o.case_id = f.case_id and o.place > fixed_place and role = 'customer' and state = 'uncertainty'
      )
),
one as (
    select case_id,
           min(sent_at) as opened_at,
           coalesce(arg_min(customer_key, place) filter (role = 'customer'), arg_min(customer_key, place))
               as customer_key,
           first(channel order by place) as channel,
           list_sort(list_distinct(list(channel) filter (channel is not null))) as channels,
           arg_min(lang, place) filter (role = 'customer') as lang,
           arg_min(touchpoint, place) as touchpoint,
           arg_min(severity, place) as severity,
           arg_max(team, place) as team,
           last(priority order by place) filter (sent_at = opened_at) as priority,
           coalesce(arg_min(role, place) filter (role <> 'internal'), 'agent') as opened_by,
           min(sent_at) filter (role = 'customer') as first_customer_at,
           min(sent_at) filter (role = 'customer' and state = 'uncertainty') as complained_at,
           count(*) filter (role = 'customer') as customer_messages,
           count(*) filter (role = 'agent') as agent_messages,
           count(*) filter (role = 'internal') as internal_notes,
           sum(agent_minutes) as agent_minutes,
           arg_min(state, place) filter (role = 'customer') as state_open,
           coalesce(
               arg_max(state, place) filter (role = 'customer' and state <> 'neutral'),
               max(state) filter (role = 'customer')
           ) as state_close,
           arg_min(sentiment, place) filter (role = 'customer') as sentiment_open,
           arg_max(sentiment, place) filter (role = 'customer') as sentiment_close,
           round(
               arg_max(state_probabilities.amazement::double - state_probabilities.uncertainty, place)
                   filter (role = 'customer' and state is not null), 4
           ) as experience_score,
           bool_or(needs_review) as needs_review,
           arg_max(validity, place) as said_validity
    from ordered group by case_id
),
work as (
    select case_id,
           count(*) filter (role = 'agent' and role_before = 'customer') as replies,
           count(*) filter (role = 'agent' and agent_key <> agent_before) as hand_offs
    from talk group by case_id
),
contacts as (
    select case_id, count(*) filter (sent_at >= waiting_since + interval 1 hour) as repeated_contacts
    from waits group by case_id
),
delays as (
    select case_id, min(sent_at) as first_answer_at, count(steps) > 0 as can_read,
           {step_times}
           min(sent_at) filter (list_has_any(steps, ['fix', 'offer'])) as concrete_at,
           bool_or(list_contains(steps, 'fix')) as fixes, bool_or(list_contains(steps, 'offer')) as offers,
           bool_or(list_contains(steps, 'refuse')) as refuses, bool_or(list_contains(steps, 'explain')) as explains
    from answers group by case_id
),
seen as (
    select case_id, case when count(steps) > 0 then list_distinct(flatten(list(steps) filter (steps is not null))) end
        as steps
    from in_window group by case_id
),
said as (
    select case_id, list_distinct(flatten(list(signals))) as signals
    from ordered where role = 'customer' and signals is not null group by case_id
),
put_together as (
    select one.*, work.replies, hand_offs, coalesce(repeated_contacts, 0) as repeated_contacts,
           statuses.status, reopenings,
           coalesce(solved.resolved_at, resolved_by_text.resolved_at) as resolved_at,
           case when solved.resolved_at is not null then 'export'
                when resolved_by_text.resolved_at is not null then 'text' end as resolved_by,
           delays.* exclude (case_id),
           case when first_answer_at > one.opened_at + window_length or first_answer_at is null then []
                else seen.steps end as seen_steps,
           said.signals,
           policy.*
    from one cross join policy
    left join work using (case_id) left join contacts using (case_id) left join statuses using (case_id)
    left join solved using (case_id) left join resolved_by_text using (case_id) left join delays using (case_id)
    left join seen using (case_id) left join said using (case_id)
),
clocked as (
    select *, opened_at + window_length as landmark_at,
           case when opened_by <> 'agent' then seconds_between(first_customer_at, first_answer_at) end
               as first_reply_seconds,
           case when opened_by <> 'agent' then business_seconds(first_customer_at, first_answer_at) end
               as first_reply_business_seconds,
           case when resolved_at >= first_customer_at then seconds_between(first_customer_at, resolved_at) end
               as resolution_seconds,
           case when resolved_at >= first_customer_at then business_seconds(first_customer_at, resolved_at) end
               as resolution_business_seconds,
           seconds_between(first_customer_at, concrete_at) as concrete_seconds,
           complained_at is not null as is_complaint
    from put_together
),
graded as (
    select *, list_contains(seen_steps, 'urgency') as urgent_by_words,
           first_reply_business_seconds <= urgent_seconds as urgent_by_clock,
           len(list_intersect(seen_steps, ['acknowledge', 'apologise', 'attitude']))
               + (list_contains(seen_steps, 'urgency') or coalesce(first_reply_business_seconds <= urgent_seconds, false))::int
               as kindnesses
    from clocked
),
promised as (
    select graded.*, t.first_reply_seconds as target_first_reply_seconds,
           t.resolution_seconds as target_resolution_seconds
    from graded left join targets t on coalesce(t.priority, '') = case when graded.priority = 'urgent' then 'urgent' else '' end
)
select * exclude (seen_steps, said_validity, customer_messages, signals, channels),
       coalesce(channels, []) as channels,
       customer_messages,
       list_sort(seen_steps) as steps,
       list_sort(signals) as signals,
       {step_seconds}
       case when not is_complaint or seen_steps is null then null
            when list_contains(seen_steps, 'fix') then if(kindnesses >= 3, 'full', 'partial')
            else if(kindnesses >= 2, 'partial', 'none') end as recovery_grade,
       case when status is not null and state_close is not null
            then status = 'solved' and state_close = 'uncertainty' end as perception_gap,
       case when said_validity is not null then said_validity
            when refuses and not fixes and not offers then 'refused'
            when explains and not fixes then 'explained'
            when fixes or offers then 'upheld'
            else 'unknown' end as validity,
       case when opened_by <> 'agent' and first_customer_at is not null
            then coalesce(first_reply_business_seconds, business_seconds(first_customer_at, run_at))
                > target_first_reply_seconds end as first_reply_breached,
       case when first_customer_at is not null
            then coalesce(resolution_business_seconds, if(resolved_at is null, business_seconds(first_customer_at, run_at), 0))
                > target_resolution_seconds end as resolution_breached,
       business_due(first_customer_at, target_resolution_seconds) as resolution_due_at
from promised;

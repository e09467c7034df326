-- Clocks of the demo's policy: Monday to Friday, 9 to 17 UTC, no holidays (nightly.yaml).
create macro seconds_between(a, b) as (epoch_us(b) - epoch_us(a)) // 1000000;

create macro business_seconds(a, b) as case when a is not null and b is not null then (
    select coalesce(sum(greatest(0, (
        least(epoch_us(b), epoch_us(day + interval 17 hour)) - greatest(epoch_us(a), epoch_us(day + interval 9 hour))
    ))), 0)::bigint // 1000000
    from (select unnest(generate_series(date_trunc('day', a), date_trunc('day', b), interval 1 day)) as day)
    where isodow(day) <= 5
) end;

-- The earliest instant at which so many seconds of business have passed; targets of up to three weeks.
create macro business_due(a, target_seconds) as case when a is not null and target_seconds is not null then (
    select make_timestamptz(min(ends_us - (worked - target_seconds) * 1000000)::bigint) from (
        select ends_us, sum(greatest(0, ends_us - starts_us)) over (order by ends_us) // 1000000 as worked
        from (
            select greatest(epoch_us(a), epoch_us(day + interval 9 hour)) as starts_us,
                   epoch_us(day + interval 17 hour) as ends_us
            from (select unnest(generate_series(date_trunc('day', a), date_trunc('day', a) + interval 30 day,
                                                interval 1 day)) as day)
            where isodow(day) <= 5
        )
    ) where worked >= target_seconds
) end;

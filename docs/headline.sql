select outcome, horizon_days as days, recovery_grade as grade, n, raw_rate, raw_low, raw_high,
       coalesce(effect::varchar, reason) as adjusted_effect
from recovery_loyalty
where segment = 'all' and horizon_days in (0, 90) and kind <> 'dispute'
order by array_position(['loyalty', 'intent', 'satisfaction'], kind), outcome,
         array_position(['none', 'partial', 'full'], recovery_grade)

-- Do likes slow down after a crowd arrives, and not before? Coefficients of the weeks around a base's first burst.
with weeks as (
    select
        specification_id,
        case
            when term like 'week\_minus\_%' escape '\' then -cast(substr(term, 12) as integer)
            else cast(substr(term, 11) as integer)
        end as week,
        estimate,
        interval_low,
        interval_high,
        n_used,
        n_clusters,
        snapshot_id
    from estimates
    where "row" = 'RR20' and scale = 'coefficient' and regexp_matches(term, '^week_(minus|plus)_[0-9]+$')
),

reference_week as (
    select distinct
        specification_id,
        -1 as week,
        0.0 as estimate,
        n_used,
        n_clusters,
        snapshot_id
    from weeks
)

from weeks
union all by name
from reference_week
order by week

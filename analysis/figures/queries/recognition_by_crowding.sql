-- How does recognition change with crowding? Coefficients of bins of crowding against entrants without a rival.
with bins as (
    select
        specification_id,
        case
            when fixed_effects = 'base_month' then 'base x month effects'
            else 'base and month effects'
        end as effects,
        cast(regexp_extract(term, '^crowd_([0-9]+)', 1) as integer) as at_least,
        case when term = 'crowd_101' then '101+' else replace(substr(term, 7), '_', '–') end as rivals,
        estimate,
        interval_low,
        interval_high,
        n_used,
        n_clusters,
        snapshot_id
    from estimates
    where
        specification_id in ('RR26', 'RR26.months')
        and scale = 'coefficient'
        and regexp_matches(term, '^crowd_[0-9_]+$')
),

without_rivals as (
    select distinct
        specification_id,
        effects,
        0 as at_least,
        '0' as rivals,
        0.0 as estimate,
        n_used,
        n_clusters,
        snapshot_id
    from bins
)

from bins
union all by name
from without_rivals
order by effects, at_least

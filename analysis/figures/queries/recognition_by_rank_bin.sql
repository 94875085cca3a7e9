-- Does it matter to be first, to be early, or to be late? Coefficients of bins of rank against the first entrant.
with bins as (
    select
        specification_id,
        case
            when fixed_effects = 'base_month' then 'base x month effects'
            else 'base and month effects'
        end as effects,
        cast(regexp_extract(term, '^rank_([0-9]+)', 1) as integer) as at_least,
        case when term = 'rank_101' then '101+' else replace(substr(term, 6), '_', '–') end as rank_bin,
        estimate,
        interval_low,
        interval_high,
        n_used,
        n_clusters,
        snapshot_id
    from estimates
    where
        specification_id in ('RR12.bins', 'RR12.bins.base_month')
        and scale = 'coefficient'
        and regexp_matches(term, '^rank_[0-9_]+$')
),

firsts as (
    select distinct
        specification_id,
        effects,
        1 as at_least,
        '1' as rank_bin,
        0.0 as estimate,
        n_used,
        n_clusters,
        snapshot_id
    from bins
)

from bins
union all by name
from firsts
order by effects, at_least

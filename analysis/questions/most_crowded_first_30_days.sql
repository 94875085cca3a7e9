-- Which base had the most crowded first 30 days?
select
    parent_id,
    count(*) as n_entrants_in_30_days,
    count(*) filter (where release_rank_same_relation = 1) as n_first_of_relation,
    round(min(release_lag_days), 3) as first_lag_days,
    max(n_entrants) as n_entrants_in_all
from {{ ref('release_races') }}
where release_lag_days >= 0 and release_lag_days <= 30
group by parent_id
qualify row_number() over (order by n_entrants_in_30_days desc, parent_id asc) <= 20
order by n_entrants_in_30_days desc, parent_id asc

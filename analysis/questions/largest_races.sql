-- Which bases have the most entrants, how fast did they come, and from how many owners?
select
    races.parent_id,
    count(*) as n_entrants,
    count(distinct models.owner) as n_owners,
    round(min(races.release_lag_days), 2) as first_lag_days,
    round(median(races.release_lag_days), 2) as median_lag_days,
    round(max(races.release_lag_days), 2) as last_lag_days,
    round(median(races.previous_gap_days), 4) as median_gap_days
from {{ ref('release_races') }} as races
inner join {{ ref('hub_models') }} as models on races.child_id = models.model_id
group by races.parent_id
qualify row_number() over (order by count(*) desc, races.parent_id asc) <= 20
order by n_entrants desc, races.parent_id asc

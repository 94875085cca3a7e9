-- When do entrants come? Releases per four weeks since the base's release, the ten most built-upon bases.
with largest as (
    select
        parent_id,
        count(*) as n_entrants,
        row_number() over (order by count(*) desc, parent_id asc) as place
    from release_races
    where release_lag_days >= 0
    group by parent_id
    order by place
    limit 10
)

select
    largest.place,
    largest.parent_id,
    largest.n_entrants,
    cast(floor(races.release_lag_days / 28) as integer) as four_weeks,
    count(*) as n,
    (select max(snapshot_id) from disruption_panel) as snapshot_id
from largest
inner join release_races as races on largest.parent_id = races.parent_id
where races.release_lag_days >= 0
group by largest.place, largest.parent_id, largest.n_entrants, four_weeks
order by largest.place, four_weeks

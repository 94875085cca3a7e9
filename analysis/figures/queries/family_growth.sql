-- How did the family grow? Dated descendants by weeks since the base's release.
with weeks as (
    select
        cast(floor(weeks) as integer) as week,
        count(*) as n_new
    from family
    where distance > 0 and weeks >= 0
    group by week
)

select
    week,
    n_new,
    cast(sum(n_new) over (order by week) as bigint) as n_to_date,
    (select max(snapshot_id) from disruption_panel) as snapshot_id
from weeks
order by week

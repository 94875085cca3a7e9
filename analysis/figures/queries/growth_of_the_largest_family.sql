-- How does a family grow? Likes of the largest family's models by week of their age: the middle half of them.
with largest as (
    select root_id
    from families
    order by n_models desc, root_id asc
    limit 1
),

members as (
    select
        hub_models.root_id,
        growth_curves.*
    from growth_curves
    inner join hub_models on growth_curves.model_id = hub_models.model_id
    inner join largest on hub_models.root_id = largest.root_id
    where growth_curves.likes is not null
),

weeks as (
    select
        root_id,
        age_weeks,
        max(snapshot_id) as snapshot_id,
        count(*) as n,
        quantile_cont(likes, 0.25) as low,
        quantile_cont(likes, 0.5) as median,
        quantile_cont(likes, 0.75) as high
    from members
    group by root_id, age_weeks
)

select
    root_id,
    age_weeks,
    n,
    case when n >= 10 then low end as low,
    case when n >= 10 then median end as median_likes,
    case when n >= 10 then high end as high,
    max(snapshot_id) over () as snapshot_id
from weeks
order by age_weeks

-- How many parents does a model with a parent declare? The index depends on it by construction.
with months as (
    select
        date_trunc('month', created_at) as month,
        count(*) as n,
        avg(n_parents) as mean_parents,
        stddev_samp(n_parents) / sqrt(count(*)) as standard_error,
        count(*) filter (n_parents > 1) as n_with_several
    from hub_models
    where n_parents > 0 and created_at is not null and not is_created_at_floor
    group by month
)

select
    'mean number of parents' as panel,
    month,
    n,
    n_with_several,
    case when n >= 30 then mean_parents end as value,
    -- Nobody among them declares fewer than one.
    case when n >= 30 then greatest(1, mean_parents - t_point(n - 1) * standard_error) end as low,
    case when n >= 30 then mean_parents + t_point(n - 1) * standard_error end as high,
    (select max(snapshot_id) from disruption_panel) as snapshot_id
from months
order by month

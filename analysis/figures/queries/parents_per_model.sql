-- How many parents does a model with a parent declare? The index depends on it by construction.
with families as (
    select
        date_trunc('month', created_at) as month,
        count(*) as n,
        sum(n_parents) as k,
        count(*) filter (n_parents > 1) as n_with_several,
        sum(count(*)) over (partition by date_trunc('month', created_at)) as all_n,
        sum(sum(n_parents)) over (partition by date_trunc('month', created_at)) as all_k
    from hub_models
    where n_parents > 0 and created_at is not null and not is_created_at_floor
    group by date_trunc('month', created_at), coalesce(root_id, model_id)
),

months as (
    select
        month,
        cast(sum(n) as bigint) as n,
        count(*) as n_clusters,
        cast(sum(n_with_several) as bigint) as n_with_several,
        sum(k) / sum(n) as mean_parents,
        clustered_half_width(k, n, all_k, all_n) as half_width
    from families
    group by month
)

select
    'mean number of parents' as panel,
    month,
    n,
    n_clusters,
    n_with_several,
    case when n >= 30 then mean_parents end as value,
    -- None of them declares fewer than one.
    case
        when n >= 30 and mean_parents - half_width < 1 then 1
        when n >= 30 then mean_parents - half_width
    end as low,
    case when n >= 30 then mean_parents + half_width end as high,
    (select max(snapshot_id) from disruption_panel) as snapshot_id
from months
order by month

-- How disruptive are models by relation and size? Mean index with intervals clustered by family.
with defined as (
    select
        snapshot_id,
        relation,
        coalesce(size_class, 'unknown') as size_class,
        coalesce(root_id, model_id) as root_id,
        mdi
    from disruption_panel
    where mdi is not null
),

families as (
    select
        relation,
        size_class,
        root_id,
        max(snapshot_id) as snapshot_id,
        count(*) as n,
        sum(mdi) as total
    from defined
    group by relation, size_class, root_id
),

cells as (
    select
        relation,
        size_class,
        max(snapshot_id) as snapshot_id,
        cast(sum(n) as integer) as n,
        count(*) as n_clusters,
        sum(total) / sum(n) as mean,
        sum(n * n) as sum_nn,
        sum(n * total) as sum_nt,
        sum(total * total) as sum_tt
    from families
    group by relation, size_class
)

select
    relation,
    size_class,
    n,
    n_clusters,
    case when n >= 10 and n_clusters >= 5 then mean end as mean_mdi,
    case when n >= 10 then mean - clustered_half_width(mean, n, n_clusters, sum_nn, sum_nt, sum_tt) end as low,
    case when n >= 10 then mean + clustered_half_width(mean, n, n_clusters, sum_nn, sum_nt, sum_tt) end as high,
    snapshot_id
from cells
order by size_class, relation

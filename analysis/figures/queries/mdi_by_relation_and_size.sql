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
        sum(mdi) as total,
        sum(count(*)) over (partition by relation, size_class) as all_n,
        sum(sum(mdi)) over (partition by relation, size_class) as all_total
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
        clustered_half_width(total, n, all_total, all_n) as half_width
    from families
    group by relation, size_class
)

select
    relation,
    size_class,
    n,
    n_clusters,
    case when n >= 10 and n_clusters >= 10 then mean end as mean_mdi,
    case when n >= 10 then mean - half_width end as low,
    case when n >= 10 then mean + half_width end as high,
    snapshot_id
from cells
order by size_class, relation

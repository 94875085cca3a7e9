-- Does disruption rise? Share of disruptive focals by month of release, with and without quantized ones.
with dated as (
    select
        snapshot_id,
        release_month as month,
        coalesce(root_id, model_id) as root_id,
        relation,
        mdi,
        sample_exclusion
    from disruption_panel
    where coalesce(sample_exclusion, '') not in ('no_declared_parent', 'creation_date_floor', 'no_creation_date')
),

series as (
    select
        'all relations' as focals,
        *
    from dated
    union all by name
    select
        'without quantized' as focals,
        *
    from dated
    where relation != 'quantized'
),

months as (
    select
        focals,
        month,
        max(snapshot_id) as snapshot_id,
        count(*) filter (sample_exclusion = 'window_open') as n_open,
        count(mdi) as n,
        count(*) filter (mdi > 0) as n_disruptive
    from series
    group by focals, month
),

families as (
    select
        focals,
        month,
        count(*) as n,
        count(*) filter (mdi > 0) as k,
        sum(count(*)) over (partition by focals, month) as all_n,
        sum(count(*) filter (mdi > 0)) over (partition by focals, month) as all_k
    from series
    where mdi is not null
    group by focals, month, root_id
),

intervals as (
    select
        focals,
        month,
        count(*) as n_clusters,
        clustered_low(k, n, all_k, all_n) as low,
        clustered_high(k, n, all_k, all_n) as high
    from families
    group by focals, month
)

select
    focals,
    month,
    n,
    n_disruptive,
    coalesce(n_clusters, 0) as n_clusters,
    n_open,
    n_open > 0 as has_open_windows,
    case when n >= 30 then n_disruptive / n end as share,
    case when n >= 30 then low end as low,
    case when n >= 30 then high end as high,
    snapshot_id
from months
left join intervals using (focals, month)
order by focals, month

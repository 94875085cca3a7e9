-- How much does the length of the window matter? Disruptive share by window, for all focals and for the same ones.
with defined as (
    select
        model_id,
        window_name,
        coalesce(window_days, 100000) as days,
        coalesce(root_id, model_id) as root_id,
        mdi
    from disruption
    left join hub_models using (model_id)
    where is_window_closed and mdi is not null
),

-- A taker within 30 days is one in any longer window, so these focals are defined in all windows that are closed.
same as (
    select model_id from defined
    where window_name = '30d'
    intersect
    select model_id from defined
    where window_name = '365d'
),

series as (
    select
        'all defined in the window' as focals,
        window_name,
        days,
        root_id,
        mdi
    from defined
    union all by name
    select
        'the same in every window' as focals,
        defined.window_name,
        defined.days,
        defined.root_id,
        defined.mdi
    from defined
    inner join same on defined.model_id = same.model_id
),

families as (
    select
        focals,
        window_name,
        days,
        count(*) as n,
        count(*) filter (mdi > 0) as k,
        sum(count(*)) over (partition by focals, window_name) as all_n,
        sum(count(*) filter (mdi > 0)) over (partition by focals, window_name) as all_k
    from series
    group by focals, window_name, days, root_id
),

snapshots as (
    select max(snapshot_id) as snapshot_id from disruption_panel
)

select
    families.focals,
    families.window_name,
    families.days,
    cast(sum(families.n) as bigint) as n,
    cast(sum(families.k) as bigint) as n_disruptive,
    count(*) as n_clusters,
    sum(families.k) / sum(families.n) as share,
    clustered_low(families.k, families.n, families.all_k, families.all_n) as low,
    clustered_high(families.k, families.n, families.all_k, families.all_n) as high,
    any_value(snapshots.snapshot_id) as snapshot_id
from families
cross join snapshots
group by families.focals, families.window_name, families.days
having sum(families.n) >= 30
order by families.focals, families.days

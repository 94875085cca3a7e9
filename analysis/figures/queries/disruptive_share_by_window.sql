-- How much does the length of the window matter? Disruptive share by window, for all focals and for the same ones.
with defined as (
    select
        model_id,
        window_name,
        coalesce(window_days, 100000) as days,
        mdi
    from disruption
    where is_window_closed and mdi is not null
),

-- Who takes within 30 days takes within any longer window, so these are defined in all that are closed.
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
        mdi
    from defined
    union all by name
    select
        'the same in every window' as focals,
        defined.window_name,
        defined.days,
        defined.mdi
    from defined
    inner join same on defined.model_id = same.model_id
),

snapshots as (
    select max(snapshot_id) as snapshot_id from disruption_panel
)

select
    series.focals,
    series.window_name,
    series.days,
    count(*) as n,
    count(*) filter (series.mdi > 0) as n_disruptive,
    count(*) filter (series.mdi > 0) / count(*) as share,
    share_low(count(*) filter (series.mdi > 0), count(*)) as low,
    share_high(count(*) filter (series.mdi > 0), count(*)) as high,
    any_value(snapshots.snapshot_id) as snapshot_id
from series
cross join snapshots
group by series.focals, series.window_name, series.days
having count(*) >= 30
order by series.focals, series.days

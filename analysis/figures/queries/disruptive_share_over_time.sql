-- Does disruption rise? Share of disruptive focals by month of release, with and without quantized ones.
with dated as (
    select
        snapshot_id,
        release_month as month,
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
)

select
    focals,
    month,
    n,
    n_disruptive,
    n_open,
    n_open > 0 as has_open_windows,
    case when n >= 30 then n_disruptive / n end as share,
    case when n >= 30 then share_low(n_disruptive, n) end as low,
    case when n >= 30 then share_high(n_disruptive, n) end as high,
    snapshot_id
from months
order by focals, month

-- How are the indices distributed? Mass points, the ranges between them, and undefined, roots apart.
with closed as (
    select
        focals.snapshot_id,
        focals.mdi,
        case when focals.relation = 'none' then 'no declared parent' else 'with a declared parent' end as focals
    from disruption_panel as focals
    inner join hub_models on focals.model_id = hub_models.model_id
    where focals.is_window_closed and not hub_models.is_created_at_floor
),

placed as (
    select
        snapshot_id,
        focals,
        case
            when mdi is null then 0
            when mdi = -1 then 2
            when mdi < 0 then 3 + least(4, cast(floor(5 * (mdi + 1)) as integer))
            when mdi = 0 then 8
            when mdi < 1 then 9 + least(4, cast(floor(5 * mdi) as integer))
            else 14
        end as slot
    from closed
),

counted as (
    select
        focals,
        slot,
        count(*) as n
    from placed
    group by focals, slot
),

totals as (
    select
        focals,
        max(snapshot_id) as snapshot_id,
        count(*) as n_focals
    from placed
    group by focals
)

select
    counted.focals,
    counted.slot,
    case
        when counted.slot = 0 then 'undefined'
        when counted.slot = 2 then '-1'
        when counted.slot between 3 and 7
            then format('{:.1f} to {:.1f}', (counted.slot - 8) / 5, (counted.slot - 7) / 5)
        when counted.slot = 8 then '0'
        when counted.slot between 9 and 13
            then format('{:.1f} to {:.1f}', (counted.slot - 9) / 5, (counted.slot - 8) / 5)
        else '1'
    end as mdi_range,
    counted.slot in (2, 8, 14) as is_mass_point,
    counted.n,
    totals.n_focals,
    counted.n / totals.n_focals as share,
    share_low(counted.n, totals.n_focals) as low,
    share_high(counted.n, totals.n_focals) as high,
    totals.snapshot_id
from counted
inner join totals on counted.focals = totals.focals
order by counted.focals desc, counted.slot asc

-- How are the indices distributed? Mass points, the ranges between them, and undefined ones; roots separately.
with closed as (
    select
        focals.snapshot_id,
        focals.mdi,
        coalesce(focals.root_id, focals.model_id) as root_id,
        case when focals.relation = 'none' then 'no declared parent' else 'with a declared parent' end as focals
    from disruption_panel as focals
    inner join hub_models on focals.model_id = hub_models.model_id
    where focals.is_window_closed and not hub_models.is_created_at_floor
),

placed as (
    select
        snapshot_id,
        focals,
        root_id,
        case
            when mdi is null then 0
            when mdi = -1 then 2
            when mdi < -0.2 then 3 + cast(floor(5 * (mdi + 1)) as integer)
            when mdi < 0 then 7
            when mdi = 0 then 8
            when mdi < 0.8 then 9 + cast(floor(5 * mdi) as integer)
            when mdi < 1 then 13
            else 14
        end as slot
    from closed
),

-- Each family with each occupied slot, even where it has no model of its own.
families as (
    select
        focals,
        root_id,
        count(*) as n
    from placed
    group by focals, root_id
),

in_slots as (
    select
        focals,
        slot,
        root_id,
        count(*) as k
    from placed
    group by focals, slot, root_id
),

slots as (
    select
        focals,
        slot,
        sum(k) as all_k
    from in_slots
    group by focals, slot
),

counted as (
    select
        slots.focals,
        slots.slot,
        families.n,
        coalesce(in_slots.k, 0) as k,
        slots.all_k,
        sum(families.n) over (partition by slots.focals, slots.slot) as all_n
    from slots
    inner join families on slots.focals = families.focals
    left join in_slots
        on slots.focals = in_slots.focals and slots.slot = in_slots.slot and families.root_id = in_slots.root_id
),

intervals as (
    select
        focals,
        slot,
        cast(sum(k) as bigint) as n,
        clustered_low(k, n, all_k, all_n) as low,
        clustered_high(k, n, all_k, all_n) as high
    from counted
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
    intervals.focals,
    intervals.slot,
    case
        when intervals.slot = 0 then 'undefined'
        when intervals.slot = 2 then '-1'
        when intervals.slot between 3 and 7
            then format('{:.1f} to {:.1f}', (intervals.slot - 8) / 5, (intervals.slot - 7) / 5)
        when intervals.slot = 8 then '0'
        when intervals.slot between 9 and 13
            then format('{:.1f} to {:.1f}', (intervals.slot - 9) / 5, (intervals.slot - 8) / 5)
        else '1'
    end as mdi_range,
    intervals.slot in (2, 8, 14) as is_mass_point,
    intervals.n,
    totals.n_focals,
    intervals.n / totals.n_focals as share,
    intervals.low,
    intervals.high,
    totals.snapshot_id
from intervals
inner join totals on intervals.focals = totals.focals
order by intervals.focals desc, intervals.slot asc

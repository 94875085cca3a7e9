-- One row per base x week with a new child, or within four weeks after one.
with latest as (
    select
        snapshot_at,
        {{ week_number(microseconds('snapshot_at')) }} as week_number
    from {{ ref('stg_hub__snapshots') }}
    where is_latest
),

entries as (
    select
        parent_key,
        {{ week_number('child_released_us') }} as week_number,
        relation,
        coalesce(child_owner, cast(child_key as string)) as owner,
        is_same_owner
    from {{ ref('int_lineage_edges_resolved') }}
    where child_released_us is not null
),

weeks as (
    select
        parent_key,
        week_number,
        count(*) as n_new_children,
        count(case when relation = 'finetune' then 1 end) as n_finetune,
        count(case when relation = 'adapter' then 1 end) as n_adapter,
        count(case when relation = 'quantized' then 1 end) as n_quantized,
        count(case when relation = 'merge' then 1 end) as n_merge,
        count(case when relation = 'unknown' then 1 end) as n_unknown,
        count(case when not is_same_owner then 1 end) as n_new_children_by_others,
        count(distinct owner) as n_owners
    from entries
    group by parent_key, week_number
),

all_weeks as (
    select
        week_number,
        sum(n_new_children) as n_new_children
    from weeks
    group by week_number
),

-- A base that gets no more children is losing too, so it stays for four weeks.
offsets as (
    {%- for weeks_later in range(5) %}
    select {{ weeks_later }} as weeks_later
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

grid as (
    select distinct
        weeks.parent_key,
        weeks.week_number + offsets.weeks_later as week_number
    from weeks
    cross join offsets
    cross join latest
    where weeks.week_number + offsets.weeks_later <= latest.week_number
),

filled as (
    select
        grid.parent_key,
        grid.week_number,
        coalesce(weeks.n_new_children, 0) as n_new_children,
        coalesce(weeks.n_finetune, 0) as n_finetune,
        coalesce(weeks.n_adapter, 0) as n_adapter,
        coalesce(weeks.n_quantized, 0) as n_quantized,
        coalesce(weeks.n_merge, 0) as n_merge,
        coalesce(weeks.n_unknown, 0) as n_unknown,
        coalesce(weeks.n_new_children_by_others, 0) as n_new_children_by_others,
        coalesce(weeks.n_owners, 0) as n_owners,
        coalesce(sum(weeks.n_new_children) over (
            partition by grid.parent_key order by grid.week_number range between 4 preceding and 1 preceding
        ), 0) as n_before
    from grid
    left join weeks on grid.parent_key = weeks.parent_key and grid.week_number = weeks.week_number
),

all_weeks_filled as (
    select
        needed.week_number,
        coalesce(all_weeks.n_new_children, 0) as n_new_children,
        coalesce(sum(all_weeks.n_new_children) over (
            order by needed.week_number range between 4 preceding and 1 preceding
        ), 0) as n_before
    from (select distinct grid.week_number from grid) as needed
    left join all_weeks on needed.week_number = all_weeks.week_number
),

compared as (
    select
        filled.*,
        all_weeks_filled.n_new_children as n_new_edges,
        all_weeks_filled.n_before as n_edges_before
    from filled
    inner join all_weeks_filled on filled.week_number = all_weeks_filled.week_number
)

select
    bases.node_id as parent_id,
    {{ week_beginning('compared.week_number') }} as week,
    cast(compared.n_new_children as integer) as n_new_children,
    cast(compared.n_finetune as integer) as n_finetune,
    cast(compared.n_adapter as integer) as n_adapter,
    cast(compared.n_quantized as integer) as n_quantized,
    cast(compared.n_merge as integer) as n_merge,
    cast(compared.n_unknown as integer) as n_unknown,
    cast(compared.n_new_children_by_others as integer) as n_new_children_by_others,
    cast(compared.n_owners as integer) as n_owners,
    cast(compared.n_new_edges as integer) as n_new_edges,
    compared.n_new_children / nullif(compared.n_new_edges, 0) as share_of_new_edges,
    compared.n_before / nullif(compared.n_edges_before, 0) as share_before,
    -- Whole numbers, so that equal shares compare as equal.
    case
        when compared.n_edges_before = 0 or compared.n_new_edges = 0 then null
        when compared.n_new_children * compared.n_edges_before > compared.n_before * compared.n_new_edges then 'gaining'
        when compared.n_new_children * compared.n_edges_before < compared.n_before * compared.n_new_edges then 'losing'
        else 'steady'
    end as trend,
    compared.week_number < latest.week_number as is_week_complete
from compared
cross join latest
inner join {{ ref('int_lineage_nodes_numbered') }} as bases on compared.parent_key = bases.node_key

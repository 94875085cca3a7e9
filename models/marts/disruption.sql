-- One row per focal x window: every Hub model with an edge on either side.
with components as (
    select * from {{ ref('int_disruption_components_summed') }}
),

latest as (
    select {{ microseconds('snapshot_at') }} as snapshot_us from {{ ref('stg_hub__snapshots') }}
    where is_latest
),

focals as (
    select
        models.model_id,
        models.created_at,
        models.is_created_at_floor,
        components.*,
        case
            when components.window_days is null then true
            else latest.snapshot_us >= models.created_us + {{ days_in_microseconds('components.window_days') }}
        end as is_window_closed
    from components
    inner join {{ ref('int_models_listed') }} as models on components.focal_key = models.model_key
    cross join latest
),

judged as (
    select
        *,
        case
            {% if var('zero_parent_rule') == 'exclude' -%}
            when n_parents = 0 then 'no_declared_parent'
            {% endif -%}
            when is_created_at_floor then 'creation_date_floor'
            when not is_window_closed then 'window_open'
            -- Without a date it is unknown what is later.
            when created_at is not null and n_i + n_j + n_k = 0 then 'no_later_activity'
            when created_at is null then 'no_creation_date'
        end as undefined_reason
    from focals
)

select
    model_id,
    window_name,
    cast(window_days as integer) as window_days,
    cast(n_parents as integer) as n_parents,
    cast(n_i as integer) as n_i,
    cast(n_j as integer) as n_j,
    cast(n_k as integer) as n_k,
    cast(n_j_l2 as integer) as n_j_l2,
    case when undefined_reason is null then {{ mdi() }} end as mdi,
    case when undefined_reason is null then {{ mdi_no_k() }} end as mdi_no_k,
    case when undefined_reason is null then {{ mdi_bypass() }} end as mdi_bypass,
    case when undefined_reason is null then {{ mdi_net() }} end as mdi_net,
    case when undefined_reason is null then {{ mdi(n_j='n_j_l2') }} end as mdi_l2,
    case when undefined_reason is null then {{ dependence() }} end as dependence,
    is_window_closed,
    undefined_reason,
    places.is_same_owner as same_owner,
    places.root_id as root
from judged
left join {{ ref('int_lineage_places_named') }} as places on judged.focal_key = places.node_key

-- One row per Hub model with an edge x week of its age in which a snapshot shows it.
-- A view: the counters are written once, in staging.
{{ config(materialized=view_or_table()) }}
with nodes as (
    select
        nodes.node_id,
        nodes.released_us,
        identified.identity_key
    from {{ ref('int_lineage_nodes_numbered') }} as nodes
    inner join {{ ref('int_listed_models_identified') }} as identified on nodes.node_key = identified.model_key
    where nodes.is_listed and nodes.released_us is not null
),

dated as (
    select
        snapshot_id,
        snapshot_at,
        {{ microseconds('snapshot_at') }} as snapshot_us
    from {{ ref('stg_hub__snapshots') }}
    where snapshot_at is not null
),

neighboured as (
    select
        *,
        lag(snapshot_us) over in_time as previous_us,
        lead(snapshot_us) over in_time as next_us
    from dated
    window in_time as (order by snapshot_us asc nulls last, snapshot_id asc nulls last)
),

-- Snapshots at least a week from their neighbours never fall into one week of a model's age.
snapshots as (
    select
        *,
        coalesce(snapshot_us - previous_us < {{ days_in_microseconds(7) }}, false)
        or coalesce(next_us - snapshot_us < {{ days_in_microseconds(7) }}, false) as is_near_another
    from neighboured
),

aged as (
    select
        nodes.node_id,
        cast(floor((snapshots.snapshot_us - nodes.released_us) / ({{ days_in_microseconds(7) }})) as integer) as age_weeks,
        snapshots.snapshot_id,
        snapshots.snapshot_at,
        snapshots.is_near_another,
        {{ days_between('nodes.released_us', 'snapshots.snapshot_us') }} as age_days,
        identities.likes,
        identities.downloads,
        identities.downloads_all_time
    from {{ ref('int_model_identities_linked') }} as identities
    inner join nodes on identities.identity_key = nodes.identity_key
    inner join snapshots on identities.snapshot_id = snapshots.snapshot_id
    where
        -- Before its creation the name belonged to another repository.
        snapshots.snapshot_us >= nodes.released_us
        and snapshots.snapshot_us - nodes.released_us < {{ days_in_microseconds(7) }} * {{ var('curve_weeks') }}
),

-- Of two snapshots in one week of its age the later one counts.
last_of_several as (
    select *
    from aged
    where is_near_another
    qualify row_number() over (
        partition by node_id, age_weeks
        order by snapshot_at desc nulls last, snapshot_id desc nulls last
    ) = 1
),

last_in_week as (
    select * from last_of_several
    union all
    select * from aged
    where not is_near_another
)

select
    node_id as model_id,
    age_weeks,
    age_days,
    likes,
    downloads,
    downloads_all_time,
    snapshot_id,
    snapshot_at
from last_in_week

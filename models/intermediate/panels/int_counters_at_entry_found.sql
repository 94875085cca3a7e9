-- One row per base x dated entrant that follows some snapshot: what the latest snapshot before the entry showed.
with snapshots as (
    select
        snapshot_id,
        is_latest,
        {{ microseconds('snapshot_at') }} as snapshot_us,
        coalesce(
            lead({{ microseconds('snapshot_at') }}) over (order by snapshot_at nulls last, snapshot_id nulls last),
            9223372036854775807
        ) as next_snapshot_us
    from {{ ref('stg_hub__snapshots') }}
    where snapshot_at is not null
),

entries as (
    select
        edges.child_key,
        edges.parent_key,
        edges.child_owner,
        bases.node_id_lower as base_id_lower,
        snapshots.snapshot_id
    from {{ ref('int_lineage_edges_resolved') }} as edges
    inner join snapshots
        on edges.child_released_us > snapshots.snapshot_us and edges.child_released_us <= snapshots.next_snapshot_us
    inner join {{ ref('int_lineage_nodes_numbered') }} as bases on edges.parent_key = bases.node_key
),

models as (
    select
        snapshot_id,
        identity,
        model_id_lower,
        likes,
        downloads,
        downloads_all_time
    from {{ ref('int_model_identities_linked') }}
),

-- The base may have had another name by then.
bases as (
    select
        models.model_id_lower,
        models.identity
    from models
    inner join snapshots on models.snapshot_id = snapshots.snapshot_id
    where snapshots.is_latest
),

owners as (
    select
        snapshot_id,
        {{ owner_of('model_id_lower') }} as owner_lower,
        -- A sum passes over what is unknown.
        case when count(*) = count(likes) then cast(sum(likes) as bigint) end as likes
    from models
    where snapshot_id in (select entries.snapshot_id from entries)
    group by snapshot_id, owner_lower
)

select
    entries.child_key,
    entries.parent_key,
    entries.snapshot_id,
    models.likes as base_likes,
    models.downloads as base_downloads,
    models.downloads_all_time as base_downloads_all_time,
    -- Who had no model in a complete snapshot had no like.
    case
        when owners.owner_lower is not null then owners.likes
        when entries.child_owner is not null then 0
    end as owner_likes
from entries
left join bases on entries.base_id_lower = bases.model_id_lower
left join models on entries.snapshot_id = models.snapshot_id and bases.identity = models.identity
left join owners on entries.snapshot_id = owners.snapshot_id and entries.child_owner = owners.owner_lower

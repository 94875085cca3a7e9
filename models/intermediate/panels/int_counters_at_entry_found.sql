-- One row per base x dated entrant with an earlier snapshot: what the latest snapshot before the entry showed.
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

entered as (
    select distinct snapshot_id from entries
),

entrants as (
    select distinct
        snapshot_id,
        child_owner
    from entries
    where child_owner is not null
),

owners_of_entrants as (
    select distinct child_owner from entrants
),

sightings as (
    select
        identities.snapshot_id,
        identities.identity_key,
        identities.version_key,
        identities.likes,
        identities.downloads,
        identities.downloads_all_time
    from {{ ref('int_model_identities_linked') }} as identities
    inner join entered on identities.snapshot_id = entered.snapshot_id
),

-- The base may have had another name by then.
bases as (
    select
        models.model_id_lower,
        identified.identity_key
    from {{ ref('int_models_listed') }} as models
    inner join {{ ref('int_listed_models_identified') }} as identified on models.model_key = identified.model_key
),

versions_of_owners as (
    select
        versions.version_key,
        lower({{ owner_of('versions.model_id') }}) as owner_lower
    from {{ ref('stg_hub__versions') }} as versions
    inner join owners_of_entrants on lower({{ owner_of('versions.model_id') }}) = owners_of_entrants.child_owner
),

owners as (
    select
        sightings.snapshot_id,
        versions_of_owners.owner_lower,
        -- A sum would ignore what is unknown.
        case when count(*) = count(sightings.likes) then cast(sum(sightings.likes) as bigint) end as likes
    from sightings
    inner join versions_of_owners on sightings.version_key = versions_of_owners.version_key
    inner join entrants
        on sightings.snapshot_id = entrants.snapshot_id and versions_of_owners.owner_lower = entrants.child_owner
    group by sightings.snapshot_id, versions_of_owners.owner_lower
)

select
    entries.child_key,
    entries.parent_key,
    entries.snapshot_id,
    sightings.likes as base_likes,
    sightings.downloads as base_downloads,
    sightings.downloads_all_time as base_downloads_all_time,
    -- An owner without a model in a complete snapshot had no likes.
    case
        when owners.owner_lower is not null then owners.likes
        when entries.child_owner is not null then 0
    end as owner_likes
from entries
left join bases on entries.base_id_lower = bases.model_id_lower
left join sightings on entries.snapshot_id = sightings.snapshot_id and bases.identity_key = sightings.identity_key
left join owners on entries.snapshot_id = owners.snapshot_id and entries.child_owner = owners.owner_lower

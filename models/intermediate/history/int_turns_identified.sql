-- One row per pair of consecutive snapshots x identity that was added, removed, or changed its metadata.
with linked as (
    select
        repository_key,
        linked_key
    from {{ ref('int_repositories_linked_by_name') }}
),

apart as (
    select * from {{ ref('int_sightings_kept_apart') }}
),

-- A repository that is linked in one snapshot and not in the next may have the same metadata in both.
kept_apart_once as (
    select distinct repository_key from apart
),

identities as (
    select
        identities.snapshot_id,
        identities.previous_snapshot_id,
        identities.repository_key,
        identities.version_key
    from {{ ref('int_model_identities_linked') }} as identities
    inner join kept_apart_once on identities.repository_key = kept_apart_once.repository_key
),

turns as (
    select
        snapshot_id,
        previous_snapshot_id,
        repository_key,
        previous_version_key,
        version_key
    from {{ ref('stg_hub__turns') }}
    union
    select
        identities.snapshot_id,
        identities.previous_snapshot_id,
        identities.repository_key,
        previous.version_key as previous_version_key,
        identities.version_key
    from identities
    inner join identities as previous
        on identities.previous_snapshot_id = previous.snapshot_id and identities.repository_key = previous.repository_key
),

later as (
    select
        turns.snapshot_id,
        turns.previous_snapshot_id,
        case when apart.repository_key is null then coalesce(linked.linked_key, turns.repository_key) else turns.repository_key end
            as identity_key,
        turns.version_key
    from turns
    left join linked on turns.repository_key = linked.repository_key
    left join apart on turns.snapshot_id = apart.snapshot_id and turns.repository_key = apart.repository_key
    where turns.version_key is not null
),

earlier as (
    select
        turns.snapshot_id,
        turns.previous_snapshot_id,
        case when apart.repository_key is null then coalesce(linked.linked_key, turns.repository_key) else turns.repository_key end
            as identity_key,
        turns.previous_version_key
    from turns
    left join linked on turns.repository_key = linked.repository_key
    left join apart on turns.previous_snapshot_id = apart.snapshot_id and turns.repository_key = apart.repository_key
    where turns.previous_version_key is not null
)

select
    coalesce(later.snapshot_id, earlier.snapshot_id) as snapshot_id,
    coalesce(later.previous_snapshot_id, earlier.previous_snapshot_id) as previous_snapshot_id,
    coalesce(later.identity_key, earlier.identity_key) as identity_key,
    earlier.previous_version_key,
    later.version_key
from later
full join earlier on later.snapshot_id = earlier.snapshot_id and later.identity_key = earlier.identity_key

-- One row per complete snapshot x repository that may have another key in the previous one: the change of its counters.
with linked as (
    select repository_key from {{ ref('int_repositories_linked_by_name') }}
),

kept_apart_once as (
    select distinct repository_key from {{ ref('int_sightings_kept_apart') }}
),

-- A repository with the same key in both snapshots is compared when it is read.
doubtful as (
    select
        snapshot_id,
        repository_key
    from {{ ref('stg_hub__turns') }}
    where previous_version_key is null and exists (select 1 from linked)
    union
    select
        sightings.snapshot_id,
        sightings.repository_key
    from {{ ref('stg_hub__sightings') }} as sightings
    inner join kept_apart_once on sightings.repository_key = kept_apart_once.repository_key
),

identities as (
    select * from {{ ref('int_model_identities_linked') }}
)

select
    identities.snapshot_id,
    identities.repository_key,
    identities.downloads - previous.downloads as downloads_change,
    identities.downloads_all_time - previous.downloads_all_time as downloads_all_time_change,
    identities.likes - previous.likes as likes_change
from doubtful
inner join identities
    on doubtful.snapshot_id = identities.snapshot_id and doubtful.repository_key = identities.repository_key
left join identities as previous
    on identities.previous_snapshot_id = previous.snapshot_id and identities.identity_key = previous.identity_key

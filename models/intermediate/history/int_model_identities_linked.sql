-- One row per complete snapshot x repository that it lists, with one identity over all snapshots.
-- The Hub's immutable id follows a repository through renames. Rows without one are linked
-- by name, to the id if the name has only ever belonged to one.
-- A view: where the Hub's id is known, no linking is needed.
{{ config(materialized=view_or_table()) }}
select
    sightings.snapshot_id,
    sightings.previous_snapshot_id,
    sightings.repository_key,
    sightings.version_key,
    case when apart.repository_key is null then coalesce(linked.linked_key, sightings.repository_key) else sightings.repository_key end
        as identity_key,
    sightings.downloads,
    sightings.downloads_all_time,
    sightings.likes,
    sightings.trending_score,
    sightings.downloads_change,
    sightings.downloads_all_time_change,
    sightings.likes_change
from {{ ref('stg_hub__sightings') }} as sightings
left join {{ ref('int_repositories_linked_by_name') }} as linked on sightings.repository_key = linked.repository_key
left join {{ ref('int_sightings_kept_apart') }} as apart
    on sightings.snapshot_id = apart.snapshot_id and sightings.repository_key = apart.repository_key

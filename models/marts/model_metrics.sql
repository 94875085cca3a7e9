-- One row per Hub model x complete snapshot.
with models as (
    select * from {{ ref('int_model_identities_linked') }}
),

present as (
    select
        models.identity,
        models.model_id
    from models
    inner join {{ ref('stg_hub__snapshots') }} as snapshots on models.snapshot_id = snapshots.snapshot_id
    where snapshots.is_latest
),

compared as (
    select
        models.snapshot_id,
        models.snapshot_at,
        models.model_id,
        models.hub_oid,
        present.model_id as present_model_id,
        models.downloads,
        models.downloads_all_time,
        models.likes,
        models.trending_score,
        models.downloads - previous.downloads as downloads_change,
        models.downloads_all_time - previous.downloads_all_time as downloads_all_time_change,
        models.likes - previous.likes as likes_change
    from models
    left join models as previous
        on models.previous_snapshot_id = previous.snapshot_id and models.identity = previous.identity
    left join present on models.identity = present.identity
)

select
    snapshot_id,
    snapshot_at,
    model_id,
    hub_oid,
    present_model_id,
    downloads,
    downloads_all_time,
    likes,
    trending_score,
    downloads_change,
    downloads_all_time_change,
    likes_change,
    coalesce(downloads_all_time_change < 0, false) as is_counter_reset
from compared

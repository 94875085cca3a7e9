-- One row per complete snapshot of the Hub.
with manifests as (
    select
        regexp_extract(filename, 'snapshot_id=([^/]+)/_manifest[.]json$', 1) as snapshot_id,
        content as manifest
    from {{ source('landing', 'snapshot_manifests') }}
),

snapshots as (
    select
        snapshot_id,
        coalesce(
            {{ utc_timestamp(json_text('manifest', '$.started_at')) }},
            try_strptime(snapshot_id, '%Y%m%dT%H%M%SZ')
        ) as snapshot_at
    from manifests
    where {{ json_text('manifest', '$.status') }} = 'complete'
)

select
    snapshot_id,
    lag(snapshot_id) over (order by snapshot_at nulls first, snapshot_id) as previous_snapshot_id,
    row_number() over (order by snapshot_at desc nulls last, snapshot_id desc) = 1 as is_latest,
    snapshot_at
from snapshots

-- One row per complete snapshot of the Hub.
with manifests as (
    select
        regexp_extract(filename, 'snapshot_id=([^/]+)/_manifest[.]json$', 1) as snapshot_id,
        content as manifest
    from {{ source('landing', 'snapshot_manifests') }}
),

-- Size and time of each part show when its file was replaced under an unchanged manifest.
parts as (
    select
        regexp_extract(filename, 'snapshot_id=([^/]+)/[^/]+$', 1) as snapshot_id,
        {{ joined_in_order(
            "regexp_extract(filename, '([^/]+)$', 1) || ' ' || cast(size as string) || ' ' || cast(last_modified as string)", ', '
        ) }} as files
    from {{ source('landing', 'snapshot_parts') }}
    group by snapshot_id
),

items as (
    select
        snapshot_id,
        count(*) as n_landed_items
    from {{ source('landing', 'hub_models') }}
    group by snapshot_id
),

snapshots as (
    select
        manifests.snapshot_id,
        coalesce(items.n_landed_items, 0) as n_landed_items,
        -- Other loaders' manifests may count differently; only ours list the parts with their digests.
        case
            when {{ json_text('manifest', '$.parts') }} like '%"sha256"%'
                then {{ whole_number(json_text('manifest', '$.rows')) }}
        end as n_promised_items,
        md5(manifests.manifest || coalesce(parts.files, '')) as fingerprint,
        coalesce(
            {{ utc_timestamp(json_text('manifest', '$.started_at')) }},
            {{ snapshot_time('manifests.snapshot_id') }}
        ) as snapshot_at
    from manifests
    left join parts on manifests.snapshot_id = parts.snapshot_id
    left join items on manifests.snapshot_id = items.snapshot_id
    where {{ json_text('manifest', '$.status') }} = 'complete'
)

select
    snapshot_id,
    lag(snapshot_id) over (order by snapshot_at nulls first, snapshot_id) as previous_snapshot_id,
    row_number() over (order by snapshot_at desc nulls last, snapshot_id desc) = 1 as is_latest,
    n_promised_items,
    n_landed_items,
    fingerprint,
    snapshot_at
from snapshots

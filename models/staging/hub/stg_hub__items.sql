-- One row per landed item of a complete snapshot: the one pass over the raw JSON.
with snapshots as (
    select * from {{ ref('stg_hub__snapshots') }}
),

landed as (
    select
        snapshot_id,
        cast(regexp_extract(filename, 'part-([0-9]+)', 1) as bigint) as part_number,
        file_row_number as part_row,
        page_number,
        item_number,
        source,
        fetched_at,
        hub_oid,
        model_id,
        {{ parsed_hub_item(
            "case when is_json_valid then raw_json else " ~ without_surrogates('raw_json') ~ " end"
        ) }} as item
    from {{ source('landing', 'hub_models') }}
    where snapshot_id in (select snapshots.snapshot_id from snapshots)
),

typed as (
    select
        snapshot_id,
        part_number,
        part_row,
        page_number,
        item_number,
        source,
        fetched_at,
        item is not null as is_parsed,
        coalesce(hub_oid, item._id) as hub_oid,
        nullif(trim(coalesce(item.id, item."modelId", model_id)), '') as model_id,
        {{ utc_timestamp('item."createdAt"') }} as created_at,
        {{ utc_timestamp('item."lastModified"') }} as last_modified_at,
        lower(item.private) = 'true' as is_private,
        try_cast(item.downloads as bigint) as downloads,
        try_cast(item."downloadsAllTime" as bigint) as downloads_all_time,
        try_cast(item.likes as bigint) as likes,
        try_cast(item."trendingScore" as double) as trending_score,
        lower(item.gated) as gated,
        coalesce(
            nullif(trim(item.pipeline_tag), ''),
            nullif(trim({{ first_json_text('item."cardData".pipeline_tag') }}), '')
        ) as pipeline_tag,
        coalesce(
            nullif(trim(item.library_name), ''),
            nullif(trim({{ first_json_text('item."cardData".library_name') }}), '')
        ) as library_name,
        nullif(trim({{ first_json_text('item."cardData".license') }}), '') as card_license,
        nullif(trim({{ first_json_text('item."cardData".base_model_relation') }}), '') as card_relation,
        try_cast(item.safetensors.total as bigint) as safetensors_parameters,
        try_cast(item.gguf.total as bigint) as gguf_parameters,
        case when json_type(item.tags) = 'ARRAY' then from_json(item.tags, '["VARCHAR"]') end as tags,
        item."baseModels" as base_models,
        {{ json_values('item."cardData".base_model') }} as card_base_models,
        {{ json_values('item.config.peft.base_model_name_or_path') }} as adapter_base_models,
        {{ json_values('item."cardText".base_model') }} as card_text_base_models
    from landed
)

select * from typed

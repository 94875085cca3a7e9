-- One row per landed item of a complete snapshot: the one pass over the raw JSON.
with snapshots as (
    select * from {{ ref('stg_hub__snapshots') }}
),

landed as (
    select
        snapshot_id,
        cast(regexp_extract(filename, '(^|/)part-([0-9]+)[^/]*$', 2) as bigint) as part_number,
        file_row_number as part_row,
        page_number,
        item_number,
        source,
        fetched_at,
        hub_oid,
        model_id,
        starts_with(ltrim(raw_json), '{') as is_object,
        coalesce({{ parsed_hub_item('raw_json') }}, {{ parsed_hub_item(without_surrogates('raw_json')) }}) as item
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
        is_object and item is not null as is_parsed,
        coalesce(nullif(trim(hub_oid), ''), nullif(trim(item._id), '')) as hub_oid,
        nullif(trim(coalesce(item.id, item."modelId", model_id)), '') as model_id,
        {{ utc_timestamp('item."createdAt"') }} as created_at,
        {{ utc_timestamp('item."lastModified"') }} as last_modified_at,
        lower(item.private) = 'true' as is_private,
        {{ whole_number('item.downloads') }} as downloads,
        {{ whole_number('item."downloadsAllTime"') }} as downloads_all_time,
        {{ whole_number('item.likes') }} as likes,
        case
            when isfinite(try_cast(item."trendingScore" as double)) then try_cast(item."trendingScore" as double)
        end as trending_score,
        nullif(lower(trim(item.gated)), '') as gated,
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
        {{ whole_number('item.safetensors.total') }} as safetensors_parameters,
        {{ whole_number('item.gguf.total') }} as gguf_parameters,
        case when json_type(item.tags) = 'ARRAY' then from_json(item.tags, '["VARCHAR"]') end as tags,
        item."baseModels" as base_models,
        {{ json_values('item."cardData".base_model') }} as card_base_models,
        {{ json_values('item.config.peft.base_model_name_or_path') }} as adapter_base_models,
        {{ json_values('item."cardText".base_model') }} as card_text_base_models
    from landed
)

select * from typed

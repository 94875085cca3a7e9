-- One row per landed item of a complete snapshot: the one pass over the raw JSON.
-- Snapshots that were read before, from the same files and by the same statement, are not read again.
{{ config(
    materialized='incremental',
    unique_key='snapshot_id',
    on_schema_change='sync_all_columns',
    pre_hook='{{ forget_lost_snapshots() }}'
) }}
{% set reading -%}
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
    from unread
),

signal_words as (
    select
        list(word order by word) filter (where signal = 'tag' and relation = 'adapter') as adapter_tags,
        list(word order by word) filter (where signal = 'tag' and relation = 'quantized') as quantized_tags,
        list(word order by word) filter (where signal = 'tag' and relation = 'merge') as merge_tags
    from {{ ref('relation_signals') }}
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
),

-- What tags say is read here and the tags are left behind: their lists were the largest column of
-- the table (52 MB at 2,556,240 models).
tags_read as (
    select
        typed.*,
        list_transform(typed.tags, lambda tag: lower(tag)) as lower_tags,
        signal_words.*
    from typed
    cross join signal_words
)

select
    tags_read.snapshot_id,
    versions.snapshot_version,
    part_number,
    part_row,
    page_number,
    item_number,
    source,
    fetched_at,
    is_parsed,
    hub_oid,
    model_id,
    created_at,
    last_modified_at,
    is_private,
    downloads,
    downloads_all_time,
    likes,
    trending_score,
    gated,
    pipeline_tag,
    library_name,
    coalesce(card_license, nullif(list_filter(tags, lambda tag: starts_with(tag, 'license:'))[1][9:], '')) as license,
    card_relation,
    case
        when list_has_any(lower_tags, adapter_tags) then 'adapter'
        when list_has_any(lower_tags, quantized_tags) then 'quantized'
        when list_has_any(lower_tags, merge_tags) then 'merge'
    end as tag_signal,
    tags is not null or library_name is not null as has_signals,
    safetensors_parameters,
    gguf_parameters,
    nullif(list_filter(tags, lambda tag: starts_with(tag, 'base_model:')), []) as base_model_tags,
    base_models,
    card_base_models,
    adapter_base_models,
    card_text_base_models
from tags_read
inner join versions on tags_read.snapshot_id = versions.snapshot_id
{%- endset %}

with versions as (
    {{ snapshot_versions(reading) }}
),

unread as (
    select * from {{ source('landing', 'hub_models') }}
    where {{ is_unread_snapshot(reading) }}
),

{{ reading }}

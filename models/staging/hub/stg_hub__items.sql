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
        snapshot_version,
        cast(regexp_extract(split_part(filename, '/', -1), '^part-([0-9]+)', 1) as bigint) as part_number,
        file_row_number as part_row,
        page_number,
        item_number,
        source,
        fetched_at,
        hub_oid,
        model_id,
        {{ matches("raw_json", "^ *[{]") }} as is_object,
        {{ parsed_hub_item(sound_json('raw_json')) }} as item
    from unread
),

signal_words as (
    select
        list(word order by word) filter (where signal = 'tag') as signal_tags,
        list(word order by word) filter (where signal = 'tag' and relation = 'adapter') as adapter_tags,
        list(word order by word) filter (where signal = 'tag' and relation = 'quantized') as quantized_tags,
        list(word order by word) filter (where signal = 'tag' and relation = 'merge') as merge_tags
    from {{ ref('relation_signals') }}
),

typed as (
    select
        snapshot_id,
        snapshot_version,
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
        item.tags,
        item."baseModels" as base_models,
        {{ json_values('item."cardData".base_model') }} as card_base_models,
        {{ json_values('item.config.peft.base_model_name_or_path') }} as adapter_base_models,
        {{ json_values('item."cardText".base_model') }} as card_text_base_models
    from landed
),

-- What tags say is read here and the tags are left behind: their lists were the largest column of
-- the table (52 MB at 2,556,240 models). Few tags are signals: they are picked in one pass over the
-- lists, where a list of lower tags that is searched for each relation took 2.4 times as long.
tags_read as (
    select
        typed.*,
        signal_words.adapter_tags,
        signal_words.quantized_tags,
        signal_words.merge_tags,
        list_transform(
            list_filter(typed.tags, lambda tag: list_contains(signal_words.signal_tags, lower(tag))),
            lambda tag: lower(tag)
        ) as signals
    from typed
    cross join signal_words
)

select
    snapshot_id,
    snapshot_version,
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
    case
        when card_license is not null then card_license
        else nullif(list_filter(tags, lambda tag: starts_with(tag, 'license:'))[1][9:], '')
    end as license,
    card_relation,
    case
        when len(signals) = 0 then null
        when list_has_any(signals, adapter_tags) then 'adapter'
        when list_has_any(signals, quantized_tags) then 'quantized'
        when list_has_any(signals, merge_tags) then 'merge'
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
{%- endset %}

with versions as (
    {{ snapshot_versions(reading) }}
),

-- Joined before the JSON is parsed: behind it, all that was parsed was copied (4 s of CPU at 2,556,240 models).
unread as (
    select
        hub_models.*,
        versions.snapshot_version
    from {{ source('landing', 'hub_models') }} as hub_models
    inner join versions on hub_models.snapshot_id = versions.snapshot_id
    where {{ is_unread_snapshot(reading) }}
),

{{ reading }}

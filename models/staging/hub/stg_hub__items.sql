-- One row per landed item of the latest snapshot, or with a new name or new parents: the only pass over the raw JSON.
-- Snapshots that were read before, from the same files and by the same SQL, are not read again. All other items
-- are deleted once they are sightings (stg_hub__sightings); Spark keeps them.
{{ config(
    materialized=incremental_or_table(),
    unique_key='snapshot_id',
    on_schema_change='sync_all_columns',
    pre_hook='{{ forget_lost_snapshots() }}'
) }}
{% set reading -%}
landed as (
    select
        snapshot_id,
        snapshot_version,
        reading_number,
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

-- Fields that users may write in any shape are extracted once and examined several times.
user_written as (
    select
        landed.*,
        {{ item_json('cardData.pipeline_tag') }} as card_pipeline_tag_json,
        {{ item_json('cardData.library_name') }} as card_library_json,
        {{ item_json('cardData.license') }} as card_license_json,
        {{ item_json('cardData.license_name') }} as card_license_name_json,
        {{ item_json('cardData.language') }} as card_language_json,
        {{ item_json('config.architectures') }} as architectures_json,
        {{ item_json('config.model_type') }} as model_type_json,
        {{ item_json('cardData.base_model_relation') }} as card_relation_json,
        {{ item_json('cardData.base_model') }} as card_base_model_json,
        {{ item_json('config.peft.base_model_name_or_path') }} as adapter_base_model_json,
        {{ item_json('cardText.base_model') }} as card_text_base_model_json,
        coalesce(
            {{ item_json('config.tokenizer_config.chat_template') }}, {{ item_json('gguf.chat_template') }}
        ) as chat_template_json
    from landed
),

signal_words as (
    select
        {{ array_in_order("case when signal = 'tag' then word end", 'word') }} as signal_tags,
        {{ array_in_order("case when signal = 'tag' and relation = 'adapter' then word end", 'word') }} as adapter_tags,
        {{ array_in_order("case when signal = 'tag' and relation = 'quantized' then word end", 'word') }} as quantized_tags,
        {{ array_in_order("case when signal = 'tag' and relation = 'merge' then word end", 'word') }} as merge_tags
    from {{ ref('relation_signals') }}
),

typed as (
    select
        snapshot_id,
        snapshot_version,
        reading_number,
        part_number,
        part_row,
        page_number,
        item_number,
        source,
        fetched_at,
        is_object and item is not null as is_parsed,
        coalesce(nullif({{ trim_spaces('hub_oid') }}, ''), nullif({{ trim_spaces(item_text('_id')) }}, '')) as hub_oid,
        -- Only the id field can contain a row number instead of an id; on the Hub both fields are the same.
        nullif({{ trim_spaces(
            "case
                when contains(" ~ item_text('modelId') ~ ", '/') and not contains(" ~ item_text('id') ~ ", '/') then " ~ item_text('modelId') ~ "
                else coalesce(" ~ item_text('id') ~ ", " ~ item_text('modelId') ~ ", model_id)
            end"
        ) }}, '') as written_id,
        {{ utc_timestamp(item_text('createdAt')) }} as created_at,
        {{ utc_timestamp(item_text('lastModified')) }} as last_modified_at,
        lower({{ item_text('private') }}) = 'true' as is_private,
        {{ whole_number(item_text('downloads')) }} as downloads,
        {{ whole_number(item_text('downloadsAllTime')) }} as downloads_all_time,
        {{ whole_number(item_text('likes')) }} as likes,
        {{ finite_number(item_text('trendingScore')) }} as trending_score,
        nullif(lower({{ trim_spaces(item_text('gated')) }}), '') as gated,
        coalesce(
            nullif({{ trim_spaces(item_text('pipeline_tag')) }}, ''),
            nullif({{ trim_spaces(first_json_text('card_pipeline_tag_json')) }}, '')
        ) as pipeline_tag,
        coalesce(
            nullif({{ trim_spaces(item_text('library_name')) }}, ''),
            nullif({{ trim_spaces(first_json_text('card_library_json')) }}, '')
        ) as library_name,
        nullif({{ trim_spaces(first_json_text('architectures_json')) }}, '') as architecture,
        nullif({{ trim_spaces(first_json_text('model_type_json')) }}, '') as model_type,
        nullif({{ trim_spaces(first_json_text('card_license_json')) }}, '') as card_license,
        nullif({{ trim_spaces(first_json_text('card_license_name_json')) }}, '') as card_license_name,
        {{ number_of(json_values('card_license_json')) }} as n_licenses,
        {{ json_values('card_language_json') }} as card_languages,
        nullif({{ trim_spaces(first_json_text('card_relation_json')) }}, '') as card_relation,
        {{ whole_number(item_text('safetensors.total')) }} as safetensors_total,
        {{ sum_of_counts(item_json('safetensors.parameters')) }} as safetensors_sum,
        {{ whole_number(item_text('gguf.total')) }} as gguf_parameters,
        -- Templates are only compared, so a digest is enough. Of several, the first is the usual one.
        md5(nullif({{ trim_spaces(
            "coalesce(" ~ first_json_text('chat_template_json') ~ ", " ~ json_text('chat_template_json', '$[0].template') ~ ")"
        ) }}, '')) as chat_template_hash,
        {{ item_texts('tags') }} as tags,
        {{ item_json('baseModels') }} as base_models,
        {{ json_values('card_base_model_json') }} as card_base_models,
        {{ json_values('adapter_base_model_json') }} as adapter_base_models,
        {{ json_values('card_text_base_model_json') }} as card_text_base_models
    from user_written
),

-- Tags are read here and not kept: their lists were the largest column of
-- the table (52 MB at 2,556,240 models). Few tags are signals; they are picked in one pass over the
-- lists, since searching a list of lower-case tags for each relation took 2.4 times as long.
tags_read as (
    select
        typed.*,
        signal_words.adapter_tags,
        signal_words.quantized_tags,
        signal_words.merge_tags,
        {{ lower_values_among('typed.tags', 'signal_words.signal_tags') }} as signals
    from typed
    cross join signal_words
),

said as (
    select
        snapshot_id,
        snapshot_version,
        reading_number,
        part_number,
        part_row,
        page_number,
        item_number,
        source,
        fetched_at,
        is_parsed,
        hub_oid,
        {{ id_in_link('written_id') }} as model_id,
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
        architecture,
        model_type,
        coalesce(
            {{ license_in('card_license') }},
            {{ license_in("nullif(substr(" ~ first_value_of(values_beginning_with("tags", "license:")) ~ ", 9), '')") }}
        ) as license,
        {{ license_in('card_license_name') }} as license_name,
        n_licenses,
        card_relation,
        case
            when {{ is_empty('signals') }} then null
            when {{ share_a_value('signals', 'adapter_tags') }} then 'adapter'
            when {{ share_a_value('signals', 'quantized_tags') }} then 'quantized'
            when {{ share_a_value('signals', 'merge_tags') }} then 'merge'
        end as tag_signal,
        tags is not null or library_name is not null as has_signals,
        -- The total is written by an author and may be less than the sum over types; for packed weights it is more.
        case
            when safetensors_sum > safetensors_total or safetensors_total is null then safetensors_sum
            else safetensors_total
        end as safetensors_parameters,
        gguf_parameters,
        chat_template_hash,
        {{ null_if_empty(values_beginning_with('tags', 'base_model:')) }} as base_model_tags,
        base_models,
        card_base_models,
        adapter_base_models,
        card_text_base_models,
        card_languages
    from tags_read
)

select
    *,
    {{ digest_of([
        'model_id', 'gated', 'pipeline_tag', 'library_name', 'architecture', 'model_type', 'license', 'license_name', 'n_licenses',
        'card_relation', 'tag_signal', 'has_signals',
        'safetensors_parameters', 'gguf_parameters', 'chat_template_hash', 'created_at', 'last_modified_at', 'base_model_tags', 'base_models',
        'card_base_models', 'adapter_base_models', 'card_text_base_models', 'card_languages'
    ]) }} as content_hash
from said
{%- endset %}

with versions as (
    {{ snapshot_versions(reading) }}
),

-- Looked up and not joined: a join copies the raw JSON of each item, or all that was parsed (6 of 35 s of CPU at 2,556,240 models).
version_of as (
    select map_from_entries({{ array_in_order(
        record_of({'snapshot_id': 'snapshot_id', 'snapshot_version': 'snapshot_version'}), 'snapshot_id'
    ) }}) as snapshot
    from versions
),

unread as (
    select
        hub_models.*,
        version_of.snapshot[hub_models.snapshot_id] as snapshot_version,
        {{ next_reading_number() }} as reading_number
    from {{ source('landing', 'hub_models') }} as hub_models
    cross join version_of
    where {{ is_unread_snapshot(reading) }}
),

{{ reading }}

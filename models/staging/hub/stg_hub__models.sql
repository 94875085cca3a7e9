-- One row per Hub model in a complete snapshot.
with items as (
    select * from {{ ref('stg_hub__items') }}
),

accepted as (
    select
        snapshot_id,
        part_number,
        part_row
    from {{ ref('stg_hub__item_verdicts') }}
    where rejection_reason is null
),

signal_words as (
    select
        list(word order by word) filter (where signal = 'tag' and relation = 'adapter') as adapter_tags,
        list(word order by word) filter (where signal = 'tag' and relation = 'quantized') as quantized_tags,
        list(word order by word) filter (where signal = 'tag' and relation = 'merge') as merge_tags
    from {{ ref('relation_signals') }}
),

models as (
    select
        items.*,
        {{ owner_of('items.model_id') }} as owner,
        {{ name_of('items.model_id') }} as repository_name,
        list_transform(items.tags, lambda tag: lower(tag)) as lower_tags
    from items
    inner join accepted using (snapshot_id, part_number, part_row)
)

select
    models.snapshot_id,
    models.part_number,
    models.part_row,
    models.model_id,
    lower(models.model_id) as model_id_lower,
    models.hub_oid,
    models.owner,
    models.repository_name,
    models.gated,
    models.pipeline_tag,
    models.library_name,
    coalesce(
        models.card_license,
        nullif(list_filter(models.tags, lambda tag: starts_with(tag, 'license:'))[1][9:], '')
    ) as license,
    models.card_relation,
    case
        when list_has_any(models.lower_tags, signal_words.adapter_tags) then 'adapter'
        when list_has_any(models.lower_tags, signal_words.quantized_tags) then 'quantized'
        when list_has_any(models.lower_tags, signal_words.merge_tags) then 'merge'
    end as tag_signal,
    models.tags is not null or models.library_name is not null as has_signals,
    models.downloads,
    models.downloads_all_time,
    models.likes,
    models.trending_score,
    models.safetensors_parameters,
    models.gguf_parameters,
    models.created_at,
    {{ microseconds('models.created_at') }} as created_us,
    coalesce(models.created_at < timestamp '{{ var("creation_floor") }}', false) as is_created_at_floor,
    case
        when models.created_at >= timestamp '{{ var("creation_floor") }}' then {{ microseconds('models.created_at') }}
    end as released_us,
    models.last_modified_at
from models
cross join signal_words

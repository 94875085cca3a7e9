-- One row per Hub model in the latest snapshot, and in each earlier one with a new name or new parents.
-- A view: items less the few rejected ones. As a table it would store what staging stores already
-- (11.6 s of CPU at 2,556,240 models, and as much again for the listed ones). Spark plans a view again wherever
-- it is read, and stores tables by column, and a lake has no comments on the columns of views: there these are tables.
{{ config(materialized=view_or_table()) }}
with items as (
    select * from {{ ref('stg_hub__items') }}
),

models as (
    select
        items.*,
        {{ owner_of('items.model_id') }} as owner,
        {{ name_of('items.model_id') }} as repository_name
    from items
    left join {{ ref('stg_hub__item_rejections') }} as rejections using (snapshot_id, part_number, part_row)
    where rejections.snapshot_id is null
)

select
    snapshot_id,
    snapshot_version,
    reading_number,
    content_hash,
    {{ item_key('part_number', 'part_row') }} as model_key,
    model_id,
    lower(model_id) as model_id_lower,
    hub_oid,
    owner,
    lower(owner) as owner_lower,
    repository_name,
    gated,
    pipeline_tag,
    library_name,
    architecture,
    model_type,
    license,
    license_name,
    n_licenses,
    card_relation,
    tag_signal,
    has_signals,
    downloads,
    downloads_all_time,
    likes,
    trending_score,
    safetensors_parameters,
    gguf_parameters,
    chat_template_hash,
    created_at,
    {{ microseconds('created_at') }} as created_us,
    coalesce(created_at < timestamp '{{ var("creation_floor") }}', false) as is_created_at_floor,
    case
        when created_at >= timestamp '{{ var("creation_floor") }}' then {{ microseconds('created_at') }}
    end as released_us,
    last_modified_at,
    base_model_tags,
    base_models,
    card_base_models,
    adapter_base_models,
    card_text_base_models,
    card_languages
from models

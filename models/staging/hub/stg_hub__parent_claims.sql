-- One row per child x evidence phase x claimed text in a complete snapshot.
with children as (
    select
        snapshot_id,
        model_key as child_key,
        base_models,
        card_base_models,
        adapter_base_models,
        card_text_base_models,
        base_model_tags
    from {{ ref('stg_hub__models') }}
),

-- baseModels = {"relation": ..., "models": [{"_id": ..., "id": ...}]}; anything else is kept whole.
hub_values as (
    select
        snapshot_id,
        child_key,
        {{ json_text('base_models', '$.relation') }} as claimed_relation,
        unnest(
            case
                when json_type(base_models, '$.models') = 'ARRAY' then from_json(base_models -> '$.models', '["JSON"]')
                when json_type(base_models) = 'ARRAY' then from_json(base_models, '["JSON"]')
                else [base_models]
            end
        ) as value
    from children
    where json_type(base_models) != 'NULL'
),

hub_claims as (
    select
        snapshot_id,
        child_key,
        'hub' as evidence,
        coalesce({{ json_text('value', '$.id') }}, value ->> '$') as claimed_parent,
        coalesce(json_type(value, '$.id'), json_type(value)) = 'VARCHAR' as is_text,
        {{ json_text('value', '$._id') }} as claimed_oid,
        claimed_relation
    from hub_values
    where json_type(value) != 'NULL'
),

tags as (
    select
        snapshot_id,
        child_key,
        substr(unnest(base_model_tags), 12) as body
    from children
    where base_model_tags is not null
),

-- A relation word counts only when a parent follows it: ids hold no colon.
tag_claims as (
    select
        snapshot_id,
        child_key,
        regexp_extract(body, '^(finetune|adapter|quantized|merge):(.+)$', 1) as relation,
        regexp_extract(body, '^(finetune|adapter|quantized|merge):(.+)$', 2) as typed_parent,
        body
    from tags
),

listed_values as (
    select
        snapshot_id,
        child_key,
        'card' as evidence,
        unnest(card_base_models) as value
    from children
    where card_base_models is not null
    union all
    select
        snapshot_id,
        child_key,
        'adapter_config' as evidence,
        unnest(adapter_base_models) as value
    from children
    where adapter_base_models is not null
    union all
    select
        snapshot_id,
        child_key,
        'card_text' as evidence,
        unnest(card_text_base_models) as value
    from children
    where card_text_base_models is not null
),

claims as (
    select
        snapshot_id,
        child_key,
        evidence,
        claimed_parent,
        is_text,
        claimed_oid,
        claimed_relation
    from hub_claims
    union all
    select
        snapshot_id,
        child_key,
        case when relation = '' then 'untyped_tag' else 'typed_tag' end as evidence,
        case when relation = '' then body else typed_parent end as claimed_parent,
        true as is_text,
        null as claimed_oid,
        nullif(relation, '') as claimed_relation
    from tag_claims
    union all
    select
        snapshot_id,
        child_key,
        evidence,
        value ->> '$' as claimed_parent,
        json_type(value) = 'VARCHAR' as is_text,
        null as claimed_oid,
        null as claimed_relation
    from listed_values
    where json_type(value) != 'NULL'
),

-- Several parents in one text: an id holds no comma. A path may hold one.
texts as (
    select
        snapshot_id,
        child_key,
        evidence,
        is_text,
        claimed_oid,
        claimed_relation,
        claimed_parent as whole_text,
        unnest(
            case
                when
                    is_text
                    and contains(claimed_parent, ',')
                    and not {{ matches("trim(claimed_parent)", "^([.]{0,2}/|~|[A-Za-z]:)") }}
                    then string_split(claimed_parent, ',')
                else [claimed_parent]
            end
        ) as claimed_parent
    from claims
)

select
    snapshot_id,
    child_key,
    evidence,
    trim(claimed_parent) as claimed_parent,
    bool_and(is_text) as is_text,
    min(claimed_oid) as claimed_oid,
    max(nullif({{ relation_number('lower(claimed_relation)') }}, 0)) as claimed_relation_number
from texts
where trim(claimed_parent) != '' or trim(whole_text) = ''
group by snapshot_id, child_key, evidence, trim(claimed_parent)

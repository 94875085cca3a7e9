-- One row per child x evidence phase x claimed text in the latest snapshot, and in each earlier one with other claims than before.
with latest as (
    select snapshot_id from {{ ref('stg_hub__snapshots') }}
    where is_latest
),

-- A version that repeats the name and claims of an earlier one is not read again.
claiming as (
    select
        snapshot_id,
        model_key
    from {{ ref('stg_hub__versions') }}
    where version_key = claims_key
),

children as (
    select
        models.snapshot_id,
        models.model_key as child_key,
        models.base_models,
        models.card_base_models,
        models.adapter_base_models,
        models.card_text_base_models,
        models.base_model_tags
    from {{ ref('stg_hub__models') }} as models
    left join latest on models.snapshot_id = latest.snapshot_id
    left join claiming on models.snapshot_id = claiming.snapshot_id and models.model_key = claiming.model_key
    where latest.snapshot_id is not null or claiming.model_key is not null
),

-- baseModels = {"relation": ..., "models": [{"_id": ..., "id": ...}]}; anything else is kept whole.
hub_values as (
    select
        snapshot_id,
        child_key,
        {{ json_text('base_models', '$.relation') }} as claimed_relation,
        {{ each_value(
            "case
                when " ~ type_of_json('base_models', '$.models') ~ " = 'ARRAY' then " ~ json_list(json_at('base_models', '$.models')) ~ "
                when " ~ type_of_json('base_models') ~ " = 'ARRAY' then " ~ json_list('base_models') ~ "
                else " ~ list_of('base_models') ~ "
            end"
        ) }} as value
    from children
    where {{ type_of_json('base_models') }} != 'NULL'
),

hub_claims as (
    select
        snapshot_id,
        child_key,
        'hub' as evidence,
        coalesce({{ json_text('value', '$.id') }}, {{ json_text('value', '$') }}) as claimed_parent,
        coalesce({{ type_of_json('value', '$.id') }}, {{ type_of_json('value') }}) = 'VARCHAR' as is_text,
        {{ json_text('value', '$._id') }} as claimed_oid,
        claimed_relation
    from hub_values
    where {{ type_of_json('value') }} != 'NULL'
),

tags as (
    select
        snapshot_id,
        child_key,
        {{ each_value('base_model_tags') }} as tag
    from children
    where base_model_tags is not null
),

tag_bodies as (
    select
        snapshot_id,
        child_key,
        substr(tag, 12) as body
    from tags
),

-- A relation word counts only if a parent follows it: ids contain no colon.
tag_claims as (
    select
        snapshot_id,
        child_key,
        regexp_extract(body, '^(finetune|adapter|quantized|merge):(.+)$', 1) as relation,
        regexp_extract(body, '^(finetune|adapter|quantized|merge):(.+)$', 2) as typed_parent,
        body
    from tag_bodies
),

listed_values as (
    select
        snapshot_id,
        child_key,
        'card' as evidence,
        {{ each_value('card_base_models') }} as value
    from children
    where card_base_models is not null
    union all
    select
        snapshot_id,
        child_key,
        'adapter_config' as evidence,
        {{ each_value('adapter_base_models') }} as value
    from children
    where adapter_base_models is not null
    union all
    select
        snapshot_id,
        child_key,
        'card_text' as evidence,
        {{ each_value('card_text_base_models') }} as value
    from children
    where card_text_base_models is not null
),

-- A list in a list or in an object is read as a list; any other object names its model in one of a few fields.
inner_values as (
    select
        snapshot_id,
        child_key,
        evidence,
        {{ each_value(values_within('value')) }} as value
    from listed_values
    where {{ type_of_json('value') }} != 'NULL'
),

flat_values as (
    select
        snapshot_id,
        child_key,
        evidence,
        {{ each_value(values_within('value')) }} as value
    from inner_values
    where {{ type_of_json('value') }} != 'NULL'
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
        coalesce(
            case when {{ type_of_json('value') }} = 'OBJECT' then {{ id_in_object('value') }} end,
            {{ json_text('value', '$') }}
        ) as claimed_parent,
        {{ type_of_json('value') }} = 'VARCHAR'
        or ({{ type_of_json('value') }} = 'OBJECT' and {{ id_in_object('value') }} is not null) as is_text,
        null as claimed_oid,
        null as claimed_relation
    from flat_values
    where {{ type_of_json('value') }} != 'NULL'
),

-- Several parents in one text: an id contains no comma. A path, an object and a call may contain one.
texts as (
    select
        snapshot_id,
        child_key,
        evidence,
        is_text,
        claimed_oid,
        claimed_relation,
        claimed_parent as whole_text,
        {{ each_value(
            "case
                when
                    is_text
                    and contains(claimed_parent, ',')
                    and not " ~ matches(
                        trim_spaces("claimed_parent"),
                        "^([.]{0,2}/|~|[A-Za-z]:|[{] *[^A-Za-z ][A-Za-z_]+[^A-Za-z_ ] *:|[A-Za-z_.]*from_pretrained *[(])"
                    ) ~ "
                    then split(claimed_parent, ',')
                else " ~ list_of('claimed_parent') ~ "
            end"
        ) }} as part
    from claims
),

-- Several parents joined in other ways, if only ids are left between the separators.
ids as (
    select
        snapshot_id,
        child_key,
        evidence,
        is_text,
        claimed_oid,
        claimed_relation,
        whole_text,
        {{ each_value(
            "case
                when is_text and " ~ may_be_several('part') ~ " and not " ~ matches(trim_spaces("part"), "^([.]{0,2}/|~|[A-Za-z]:)") ~ "
                    then " ~ several_ids('part') ~ "
                else " ~ list_of('part') ~ "
            end"
        ) }} as part
    from texts
),

trimmed as (
    select
        snapshot_id,
        child_key,
        evidence,
        is_text,
        claimed_oid,
        claimed_relation,
        {{ trim_spaces('whole_text') }} as whole_text,
        {{ trim_spaces('part') }} as claimed_parent
    from ids
)

select
    snapshot_id,
    child_key,
    evidence,
    claimed_parent,
    bool_and(is_text) as is_text,
    min(claimed_oid) as claimed_oid,
    max(nullif({{ relation_number('lower(claimed_relation)') }}, 0)) as claimed_relation_number
from trimmed
where claimed_parent != '' or whole_text = ''
group by snapshot_id, child_key, evidence, claimed_parent

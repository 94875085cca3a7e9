-- One row per distinct text that was ever given as a parent: the id it means today, or the reason why it means none.
with texts as (
    select * from {{ ref('int_parent_texts_cleaned') }}
),

listed as (
    select model_id_lower from {{ ref('int_models_listed') }}
),

learned as (
    select * from {{ ref('int_names_learned') }}
)

select
    texts.claimed_parent,
    texts.spelled_id,
    -- A model that is listed under the very text is meant, whatever the text looks like.
    case
        when exact.model_id_lower is not null then exact.model_id_lower
        when texts.fault is not null then null
        when listed.model_id_lower is not null then listed.model_id_lower
        when learned.present_name is not null then learned.present_name
        when texts.has_owner then texts.parent_id_lower
    end as parent_id_lower,
    case
        when exact.model_id_lower is not null then null
        when texts.fault is not null then texts.fault
        when listed.model_id_lower is null and learned.present_name is null and not texts.has_owner then 'no_owner'
    end as fault
from texts
left join listed as exact on lower(trim(texts.claimed_parent)) = exact.model_id_lower
left join listed on texts.parent_id_lower = listed.model_id_lower
left join learned on texts.parent_id_lower = learned.old_name

-- One row per distinct text ever given as a parent, or as the model of a score or date: the id it means today, or why it means none.
with texts as (
    select * from {{ ref('int_parent_texts_cleaned') }}
),

listed as (
    select
        model_key,
        model_id_lower,
        hub_oid
    from {{ ref('int_models_listed') }}
),

-- Looked up once for each spelling: models are many, names of parents few.
names as (
    select lower({{ trim_spaces('claimed_parent') }}) as name from texts
    union
    select parent_id_lower as name from texts
    union
    select doubtful_id_lower as name from texts
    where doubtful_id_lower is not null
    union
    select present_name as name from {{ ref('int_names_learned') }}
),

named as (
    select listed.*
    from listed
    inner join names on listed.model_id_lower = names.name
),

readings as (
    select
        texts.claimed_parent,
        texts.spelled_id,
        -- If a model is listed under exactly this text, it is that model, whatever the text looks like.
        case
            when exact.model_key is not null then exact.model_id_lower
            when doubtful.model_key is not null then doubtful.model_id_lower
            when texts.fault is not null then null
            when named.model_key is not null then named.model_id_lower
            when learned.present_name is not null then learned.present_name
            when texts.has_owner then texts.parent_id_lower
        end as parent_id_lower,
        case
            when exact.model_key is not null or doubtful.model_key is not null then null
            when texts.fault is not null then texts.fault
            when named.model_key is null and learned.present_name is null and not texts.has_owner then 'no_owner'
        end as fault
    from texts
    left join named as exact on lower({{ trim_spaces('texts.claimed_parent') }}) = exact.model_id_lower
    left join named as doubtful on texts.doubtful_id_lower = doubtful.model_id_lower
    left join named on texts.parent_id_lower = named.model_id_lower
    left join {{ ref('int_names_learned') }} as learned on texts.parent_id_lower = learned.old_name
),

-- Keys of unlisted parents continue after those of the listed models.
unlisted as (
    select
        readings.parent_id_lower,
        row_number() over (order by readings.parent_id_lower) as unlisted_number
    from readings
    left join named on readings.parent_id_lower = named.model_id_lower
    where readings.parent_id_lower is not null and named.model_key is null
    group by readings.parent_id_lower
)

select
    readings.claimed_parent,
    readings.spelled_id,
    coalesce(
        named.model_key,
        (select coalesce(max(listed.model_key), 0) from listed) + unlisted.unlisted_number
    ) as parent_key,
    named.model_key,
    readings.parent_id_lower,
    named.hub_oid as parent_oid,
    named.model_key is not null as is_parent_listed,
    readings.fault
from readings
left join named on readings.parent_id_lower = named.model_id_lower
left join unlisted on readings.parent_id_lower = unlisted.parent_id_lower

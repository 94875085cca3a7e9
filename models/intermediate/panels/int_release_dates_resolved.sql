-- One row per Hub model in the latest snapshot whose public release is known: the earliest date given.
with dates as (
    select * from {{ ref('stg_releases__dates') }}
    where fault is null
),

listed as (
    select
        model_key,
        model_id_lower
    from {{ ref('int_models_listed') }}
),

learned as (
    select
        names.old_name,
        listed.model_key
    from {{ ref('int_names_learned') }} as names
    inner join listed on names.present_name = listed.model_id_lower
),

-- The rules by which parents are identified: the name itself, without case, else one learned from the data.
resolved as (
    select
        coalesce(listed.model_key, learned.model_key) as model_key,
        dates.released_at
    from dates
    left join listed on dates.claimed_model_lower = listed.model_id_lower
    left join learned on dates.claimed_model_lower = learned.old_name
)

select
    model_key,
    min(released_at) as exact_released_at
from resolved
where model_key is not null
group by model_key

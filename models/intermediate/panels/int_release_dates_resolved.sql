-- One row per Hub model in the latest snapshot whose public release is known: the earliest date given.
-- Models are identified by the rules for parents, links and markup included.
select
    texts.model_key,
    min(dates.released_at) as exact_released_at
from {{ ref('stg_releases__dates') }} as dates
inner join {{ ref('int_parent_texts_resolved') }} as texts on dates.claimed_model = texts.claimed_parent
where dates.fault is null and texts.model_key is not null
group by texts.model_key

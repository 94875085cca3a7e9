-- One row per Hub model in the latest snapshot whose public release is known: the earliest date given.
with dates as (
    select * from {{ ref('stg_releases__dates') }}
    where fault is null
),

-- The rules by which parents are identified, links and markup included.
resolved as (
    select
        case when texts.is_parent_listed then texts.parent_key end as model_key,
        dates.released_at
    from dates
    inner join {{ ref('int_parent_texts_resolved') }} as texts on dates.claimed_model = texts.claimed_parent
)

select
    model_key,
    min(released_at) as exact_released_at
from resolved
where model_key is not null
group by model_key

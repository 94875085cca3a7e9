-- One row per old name that the Hub itself redirects to another id: its latest answer.
with answers as (
    select
        lower({{ trim_spaces('alias') }}) as old_name,
        lower({{ trim_spaces('model_id') }}) as present_name,
        outcome,
        resolved_at
    from {{ source('landing', 'hub_aliases') }}
    where alias is not null
),

latest_answers as (
    select *
    from answers
    qualify row_number() over (
        partition by old_name
        order by resolved_at desc nulls last, present_name asc nulls last
    ) = 1
)

select
    old_name,
    present_name,
    resolved_at
from latest_answers
where outcome = 'renamed' and present_name is not null

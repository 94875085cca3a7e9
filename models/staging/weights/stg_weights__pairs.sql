-- One row per landed pair of models with compared weights.
with landed as (
    select
        regexp_extract(filename, '([^/]+)$', 1) as file_name,
        file_row_number as file_row,
        coalesce({{ trim_spaces('cast(child_id as string)') }}, '') as claimed_child,
        coalesce({{ trim_spaces('cast(parent_id as string)') }}, '') as claimed_parent,
        coalesce({{ trim_spaces('cast(tool as string)') }}, '') as tool,
        coalesce({{ trim_spaces('cast(source as string)') }}, '') as source,
        try_cast(score as double) as landed_score
    from {{ source('landing', 'weights') }}
)

select
    file_name,
    file_row,
    claimed_child,
    claimed_parent,
    tool,
    source,
    case when {{ is_finite_value('landed_score') }} then landed_score end as score,
    case
        when claimed_child = '' then 'no_child_id'
        when claimed_parent = '' then 'no_parent_id'
    end as fault
from landed

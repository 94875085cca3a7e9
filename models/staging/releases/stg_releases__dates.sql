-- One row per landed release date.
with landed as (
    select
        regexp_extract(filename, '([^/]+)$', 1) as file_name,
        file_row_number as file_row,
        coalesce({{ trim_spaces('cast(model_id as string)') }}, '') as claimed_model,
        coalesce({{ trim_spaces('cast(source as string)') }}, '') as source,
        {{ utc_timestamp('cast(released_at as string)') }} as released_at
    from {{ source('landing', 'release_dates') }}
)

select
    file_name,
    file_row,
    claimed_model,
    lower(claimed_model) as claimed_model_lower,
    source,
    case
        when claimed_model = '' then 'no_model_id'
        when released_at is null then 'no_date'
    end as fault,
    released_at
from landed

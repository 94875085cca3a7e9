-- One row per landed release date.
with landed as (
    select
        regexp_extract(filename, '([^/]+)$', 1) as file_name,
        file_row_number as file_row,
        coalesce(trim(cast(model_id as varchar)), '') as claimed_model,
        coalesce(trim(cast(source as varchar)), '') as source,
        {{ utc_timestamp('cast(released_at as varchar)') }} as released_at
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

-- One row per landed benchmark score.
with landed as (
    select
        regexp_extract(filename, '([^/]+)$', 1) as file_name,
        file_row_number as file_row,
        coalesce({{ trim_spaces('cast(model_id as string)') }}, '') as claimed_model,
        coalesce({{ trim_spaces('cast(benchmark as string)') }}, '') as benchmark,
        coalesce({{ trim_spaces('cast(source as string)') }}, '') as source,
        try_cast(score as double) as landed_score,
        try_cast(measured_at as timestamp) as measured_at
    from {{ source('landing', 'benchmarks') }}
)

select
    file_name,
    file_row,
    claimed_model,
    lower(claimed_model) as claimed_model_lower,
    benchmark,
    source,
    -- Squares of larger numbers would overflow.
    case when abs(landed_score) <= 1e12 then landed_score end as score,
    case
        when claimed_model = '' then 'no_model_id'
        when benchmark = '' then 'no_benchmark'
        when not coalesce({{ is_finite_value('landed_score') }}, false) then 'not_finite'
        when abs(landed_score) > 1e12 then 'out_of_range'
    end as fault,
    measured_at
from landed

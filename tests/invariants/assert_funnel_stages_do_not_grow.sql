-- Within each of the two ways through the funnel a later stage has no more models than the one before.
with ways as (
    select
        stage,
        n_models,
        lag(n_models) over (partition by stage_number >= 10 order by stage_number) as n_models_before
    from {{ ref('data_funnel') }}
)

select *
from ways
where n_models > n_models_before

-- Each accepted model of each snapshot has its row of counters.
with models as (
    select
        snapshot_id,
        n_models
    from {{ ref('stg_hub__readings') }}
),

metrics as (
    select
        snapshot_id,
        count(*) as n_models
    from {{ ref('model_metrics') }}
    group by snapshot_id
)

select
    models.snapshot_id,
    models.n_models,
    metrics.n_models as n_metrics
from models
left join metrics on models.snapshot_id = metrics.snapshot_id
where models.n_models != coalesce(metrics.n_models, 0)

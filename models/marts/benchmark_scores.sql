-- One row per model x benchmark x leaderboard.
with scores as (
    select * from {{ ref('int_benchmark_scores_standardized') }}
)

select
    coalesce(models.model_id, scores.claimed_model) as model_id,
    scores.benchmark,
    scores.source,
    scores.model_key is not null as is_model_listed,
    scores.score,
    scores.standard_score,
    cast(scores.n_scores as integer) as n_scores,
    cast(scores.n_rejected as integer) as n_rejected,
    case
        when scores.fault is not null then scores.fault
        when scores.model_key is null then 'model_not_listed'
    end as rejection_reason,
    scores.measured_at
from scores
left join {{ ref('int_models_listed') }} as models on scores.model_key = models.model_key

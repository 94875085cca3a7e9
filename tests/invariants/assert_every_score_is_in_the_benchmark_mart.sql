-- Nothing disappears between the landed benchmark scores and the mart, and only listed models count in a panel.
with landed as (
    select count(*) as n_landed from {{ ref('stg_benchmarks__scores') }}
),

kept as (
    select
        coalesce(sum(n_scores + n_rejected), 0) as n_kept,
        count(
            case when (rejection_reason is null) != (is_model_listed and score is not null and benchmark != '') then 1 end
        ) as n_contradictions
    from {{ ref('benchmark_scores') }}
)

select
    landed.n_landed,
    kept.n_kept,
    kept.n_contradictions
from landed
cross join kept
where landed.n_landed != kept.n_kept or kept.n_contradictions > 0

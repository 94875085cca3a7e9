-- One row per Hub model in the latest snapshot with a comparable benchmark score.
with scores as (
    select * from {{ ref('int_benchmark_scores_standardized') }}
    where model_key is not null and standard_score is not null
),

sources as (
    select distinct
        model_key,
        source
    from scores
),

named as (
    select
        model_key,
        {{ joined_in_order('source', ', ') }} as benchmark_source
    from sources
    group by model_key
),

averaged as (
    select
        model_key,
        {{ mean_in_order('standard_score', ['source', 'benchmark']) }} as benchmark_score,
        count(*) as n_benchmarks
    from scores
    group by model_key
)

select
    averaged.model_key,
    models.model_id,
    averaged.benchmark_score,
    averaged.n_benchmarks,
    named.benchmark_source
from averaged
inner join named on averaged.model_key = named.model_key
inner join {{ ref('int_models_listed') }} as models on averaged.model_key = models.model_key

-- One row per model x benchmark x leaderboard: the identified model, its latest score, and how that compares with all others.
with scores as (
    select * from {{ ref('stg_benchmarks__scores') }}
),

-- The rules by which parents are identified, links and markup included.
resolved as (
    select
        scores.*,
        texts.model_key,
        coalesce(texts.parent_id_lower, scores.claimed_model_lower) as model_id_lower
    from scores
    left join {{ ref('int_parent_texts_resolved') }} as texts on scores.claimed_model = texts.claimed_parent
),

-- Leaderboards list a model several times. The latest sound score counts, and the highest of several at the same time.
numbered as (
    select
        *,
        count(case when fault is null then 1 end) over same_model as n_scores,
        count(fault) over same_model as n_rejected,
        row_number() over (
            partition by model_id_lower, benchmark, source
            order by
                fault is null desc nulls last, measured_at desc nulls last, score desc nulls last,
                claimed_model asc nulls last, file_name asc nulls last, file_row asc nulls last
        ) as place
    from resolved
    window same_model as (partition by model_id_lower, benchmark, source)
),

-- Sums in a fixed order: the same scores give the same bits on any number of threads.
scales as (
    select
        benchmark,
        source,
        {{ mean_in_order('score', ['score']) }} as mean_score,
        case when max(score) > min(score) then {{ deviation_in_order('score', ['score']) }} end as standard_deviation
    from numbered
    where place = 1 and fault is null
    group by benchmark, source
)

select
    numbered.model_key,
    numbered.model_id_lower,
    numbered.claimed_model,
    numbered.benchmark,
    numbered.source,
    numbered.score,
    case
        when numbered.fault is null
            then (numbered.score - scales.mean_score) / nullif(scales.standard_deviation, 0)
    end as standard_score,
    numbered.n_scores,
    numbered.n_rejected,
    numbered.fault,
    numbered.measured_at
from numbered
left join scales on numbered.benchmark = scales.benchmark and numbered.source = scales.source
where numbered.place = 1

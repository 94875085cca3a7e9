-- One row per model without a parent x candidate x signal: what it may have been built from, and how often such a signal is right.
with candidates as (
    select * from {{ ref('int_candidates_placed') }}
),

edges as (
    select
        child_key,
        parent_key
    from {{ ref('int_lineage_edges_resolved') }}
),

children as (
    select distinct child_key from edges
),

-- How often such a signal names a parent, among the children that declare one.
checked as (
    select
        candidates.signal,
        candidates.place,
        candidates.n_signals,
        count(*) as n_checked,
        count(edges.child_key) as n_right
    from candidates
    inner join children on candidates.model_key = children.child_key
    left join edges on candidates.model_key = edges.child_key and candidates.base_key = edges.parent_key
    group by candidates.signal, candidates.place, candidates.n_signals
)

select
    models.model_id as child_id,
    bases.model_id as candidate_id,
    candidates.signal,
    cast(candidates.place as integer) as place,
    cast(candidates.n_candidates as integer) as n_candidates,
    cast(candidates.n_signals as integer) as n_signals,
    cast(coalesce(checked.n_checked, 0) as integer) as n_checked,
    -- Fewer than thirty pairs give no score.
    case when checked.n_checked >= 30 then checked.n_right / checked.n_checked end as score
from candidates
left join children on candidates.model_key = children.child_key
inner join {{ ref('int_models_listed') }} as models on candidates.model_key = models.model_key
inner join {{ ref('int_models_listed') }} as bases on candidates.base_key = bases.model_key
left join checked using (signal, place, n_signals)
where children.child_key is null

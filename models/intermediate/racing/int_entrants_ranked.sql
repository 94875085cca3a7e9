-- One row per base x entrant: its place in the order of release. Equal times share the smallest rank.
with edges as (
    select * from {{ ref('int_lineage_edges_resolved') }}
),

-- An entrant without a usable date runs in no race: it is counted and nothing more.
ranked as (
    select
        child_key,
        parent_key,
        rank() over race as release_rank,
        rank() over relation_race as release_rank_same_relation,
        count(*) over instant - 1 as n_ties,
        max(child_released_us) over (
            partition by parent_key
            order by child_released_us nulls last
            range between unbounded preceding and 1 preceding
        ) as previous_released_us
    from edges
    where child_released_us is not null
    window
        race as (partition by parent_key order by child_released_us nulls last),
        relation_race as (partition by parent_key, relation order by child_released_us nulls last),
        instant as (partition by parent_key, child_released_us)
),

numbered as (
    select
        edges.child_key,
        edges.parent_key,
        edges.relation,
        edges.child_released_us,
        count(*) over (partition by edges.parent_key) as n_entrants,
        count(edges.child_released_us) over (partition by edges.parent_key) as n_ranked_entrants,
        {{ days_between('edges.parent_released_us', 'edges.child_released_us') }} as release_lag_days
    from edges
)

select
    numbered.child_key,
    numbered.parent_key,
    numbered.relation,
    numbered.n_entrants,
    numbered.n_ranked_entrants,
    ranked.release_rank,
    (ranked.release_rank - 1) / nullif(numbered.n_ranked_entrants - 1, 0) as release_percentile,
    numbered.release_lag_days,
    {{ days_between('ranked.previous_released_us', 'numbered.child_released_us') }} as previous_gap_days,
    ranked.release_rank - 1 as n_before,
    ranked.release_rank_same_relation,
    ranked.release_rank = 1 as is_first,
    ranked.n_ties
from numbered
left join ranked using (child_key, parent_key)

-- One row per base x entrant: its place in the order of release. Equal times share the smallest rank.
with edges as (
    select * from {{ ref('int_lineage_edges_resolved') }}
),

-- An entrant without a usable date has no rank but is counted. Ordered after all others, it moves none of their ranks.
ranked as (
    select
        child_key,
        parent_key,
        relation,
        child_released_us,
        parent_released_us,
        count(*) over base as n_entrants,
        count(child_released_us) over base as n_ranked_entrants,
        case when child_released_us is not null then rank() over race end as release_rank,
        case when child_released_us is not null then rank() over relation_race end as release_rank_same_relation,
        case when child_released_us is not null then count(*) over instant - 1 end as n_ties,
        max(child_released_us) over (
            partition by parent_key
            order by child_released_us nulls last
            range between unbounded preceding and 1 preceding
        ) as previous_released_us
    from edges
    window
        base as (partition by parent_key),
        race as (partition by parent_key order by child_released_us nulls last),
        relation_race as (partition by parent_key, relation order by child_released_us nulls last),
        instant as (partition by parent_key, child_released_us)
)

select
    child_key,
    parent_key,
    relation,
    n_entrants,
    n_ranked_entrants,
    release_rank,
    (release_rank - 1) / nullif(n_ranked_entrants - 1, 0) as release_percentile,
    {{ days_between('parent_released_us', 'child_released_us') }} as release_lag_days,
    {{ days_between('previous_released_us', 'child_released_us') }} as previous_gap_days,
    release_rank - 1 as n_before,
    release_rank_same_relation,
    release_rank = 1 as is_first,
    n_ties
from ranked

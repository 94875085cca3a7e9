-- One row per base x entrant.
with entrants as (
    select * from {{ ref('int_entrants_ranked') }}
)

select
    parents.node_id as parent_id,
    children.node_id as child_id,
    entrants.relation,
    cast(entrants.n_entrants as integer) as n_entrants,
    cast(entrants.n_ranked_entrants as integer) as n_ranked_entrants,
    cast(entrants.release_rank as integer) as release_rank,
    entrants.release_percentile,
    entrants.release_lag_days,
    entrants.previous_gap_days,
    cast(entrants.n_before as integer) as n_before,
    cast(entrants.release_rank_same_relation as integer) as release_rank_same_relation,
    cast(entrants.n_ties as integer) as n_ties,
    entrants.is_first
from entrants
inner join {{ ref('int_lineage_nodes_numbered') }} as parents on entrants.parent_key = parents.node_key
inner join {{ ref('int_lineage_nodes_numbered') }} as children on entrants.child_key = children.node_key

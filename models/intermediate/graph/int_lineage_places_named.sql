-- One row per node of the lineage graph with an edge: its root, and whether one of its parents has the same owner.
with parents as (
    select
        child_key,
        bool_or(is_same_owner) as is_same_owner
    from {{ ref('int_lineage_edges_resolved') }}
    group by child_key
)

select
    positions.node_key,
    parents.is_same_owner,
    roots.root_id
from {{ ref('int_lineage_positions_summed') }} as positions
left join parents on positions.node_key = parents.child_key
left join {{ ref('int_roots_owned') }} as roots on positions.root_key = roots.root_key

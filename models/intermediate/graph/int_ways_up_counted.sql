-- One row per node with children and several roots x target of a step up: a parent, or directly the parent's only root.
with positions as (
    select
        node_key,
        n_roots,
        root_key
    from {{ ref('int_lineage_positions_summed') }}
),

-- A parent that no root reaches leads nowhere, so it is not a way up.
steps as (
    select
        edges.child_key as node_key,
        case when parents.n_roots = 1 then parents.root_key else edges.parent_key end as next_key
    from {{ ref('int_inner_edges_selected') }} as edges
    inner join positions as children on edges.child_key = children.node_key
    inner join positions as parents on edges.parent_key = parents.node_key
    where children.n_roots > 1 and parents.n_roots > 0
),

counted as (
    select
        node_key,
        next_key,
        count(*) as n_ways
    from steps
    group by node_key, next_key
)

select
    node_key,
    next_key,
    n_ways,
    sum(n_ways) over (partition by node_key) as n_all_ways
from counted

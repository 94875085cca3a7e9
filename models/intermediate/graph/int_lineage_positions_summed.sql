-- One row per node of the lineage graph with an edge: its place between its roots and its descendants.
with edges as (
    select * from {{ ref('int_lineage_edges_resolved') }}
),

generations as (
    select * from {{ ref('int_inner_generations_walked') }}
),

-- A leaf is one step below the nearest of its parents.
leaf_generations as (
    select
        leaves.child_key as node_key,
        parents.generation + 1 as generation,
        parents.root_number
    from {{ ref('int_leaf_edges_selected') }} as leaves
    inner join generations as parents on leaves.parent_key = parents.node_key
    qualify row_number() over (
        partition by leaves.child_key order by parents.generation, parents.root_number
    ) = 1
),

placed as (
    select
        node_key,
        generation,
        root_number
    from generations
    union all
    select
        node_key,
        generation,
        root_number
    from leaf_generations
),

nodes as (
    select child_key as node_key from edges
    union
    select parent_key as node_key from edges
),

parents_counted as (
    select
        child_key as node_key,
        count(*) as n_parents
    from edges
    group by child_key
),

children_counted as (
    select
        parent_key as node_key,
        count(*) as n_children
    from edges
    group by parent_key
),

roots_counted as (
    select
        node_key,
        count(*) as n_roots
    from {{ ref('int_roots_reached') }}
    group by node_key
)

select
    nodes.node_key,
    coalesce(parents_counted.n_parents, 0) as n_parents,
    coalesce(children_counted.n_children, 0) as n_children,
    coalesce(descendants.n_descendants, 0) as n_descendants,
    placed.generation,
    roots.root_key,
    coalesce(roots_counted.n_roots, 0) as n_roots
from nodes
left join parents_counted on nodes.node_key = parents_counted.node_key
left join children_counted on nodes.node_key = children_counted.node_key
left join {{ ref('int_descendants_counted') }} as descendants on nodes.node_key = descendants.node_key
left join placed on nodes.node_key = placed.node_key
left join {{ ref('int_roots_ordered') }} as roots on placed.root_number = roots.root_number
left join roots_counted on nodes.node_key = roots_counted.node_key

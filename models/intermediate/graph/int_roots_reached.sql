-- One row per node of the lineage x root above it (a root reaches itself).
with edges as (
    select * from {{ ref('int_lineage_edges_resolved') }}
),

roots as (
    select root_key from {{ ref('int_roots_ordered') }}
),

inner_nodes as (
    select distinct child_key from {{ ref('int_inner_edges_selected') }}
),

inner_roots as (
    select
        root_key as node_key,
        root_key
    from roots
    union all
    select
        ancestors.node_key,
        roots.root_key
    from {{ ref('int_inner_ancestors_walked') }} as ancestors
    inner join roots on ancestors.ancestor_key = roots.root_key
),

set_roots as (
    select
        ancestors.set_number,
        roots.root_key
    from {{ ref('int_leaf_set_ancestors_walked') }} as ancestors
    inner join roots on ancestors.ancestor_key = roots.root_key
)

select
    node_key,
    root_key
from inner_roots
union all
select
    edges.child_key as node_key,
    inner_roots.root_key
from edges
inner join inner_roots on edges.parent_key = inner_roots.node_key
left join inner_nodes on edges.child_key = inner_nodes.child_key
where edges.n_parents = 1 and inner_nodes.child_key is null
union all
select
    leaf_sets.child_key as node_key,
    set_roots.root_key
from {{ ref('int_leaf_parent_sets') }} as leaf_sets
inner join set_roots on leaf_sets.set_number = set_roots.set_number

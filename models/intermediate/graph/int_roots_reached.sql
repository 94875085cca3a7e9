-- One row per node of the lineage x root above it (a root reaches itself).
with roots as (
    select root_key from {{ ref('int_roots_ordered') }}
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
    from {{ ref('int_parent_set_ancestors_walked') }} as ancestors
    inner join roots on ancestors.ancestor_key = roots.root_key
)

select
    node_key,
    root_key
from inner_roots
union all
select
    leaves.child_key as node_key,
    inner_roots.root_key
from {{ ref('int_leaf_edges_selected') }} as leaves
inner join inner_roots on leaves.parent_key = inner_roots.node_key
where leaves.n_parents = 1
union all
select
    sets.child_key as node_key,
    set_roots.root_key
from {{ ref('int_parent_sets_numbered') }} as sets
inner join set_roots on sets.set_number = set_roots.set_number
where sets.is_leaf

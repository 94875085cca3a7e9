-- One row per node with children: the number of distinct nodes below it, not counting itself.
-- Leaves with one parent: counted at the parent, passed up as a number.
with single_leaves as (
    select
        parent_key as node_key,
        count(*) as n_leaves
    from {{ ref('int_leaf_edges_selected') }}
    where n_parents = 1
    group by parent_key
),

set_sizes as (
    select
        set_number,
        count(*) as n_leaves
    from {{ ref('int_parent_sets_numbered') }}
    where is_leaf
    group by set_number
),

below as (
    select
        node_key as ancestor_key,
        n_leaves as n_below
    from single_leaves
    union all
    select
        ancestors.ancestor_key,
        1 + coalesce(single_leaves.n_leaves, 0) as n_below
    from {{ ref('int_inner_ancestors_walked') }} as ancestors
    left join single_leaves on ancestors.node_key = single_leaves.node_key
    where ancestors.node_key != ancestors.ancestor_key
    union all
    select
        ancestors.ancestor_key,
        set_sizes.n_leaves as n_below
    from {{ ref('int_parent_set_ancestors_walked') }} as ancestors
    inner join set_sizes on ancestors.set_number = set_sizes.set_number
)

select
    ancestor_key as node_key,
    cast(sum(n_below) as bigint) as n_descendants
from below
group by ancestor_key

-- One row per set of parents x ancestor of the set.
with sets as (
    select
        numbered.set_number,
        edges.parent_key
    from {{ ref('int_parent_sets_numbered') }} as numbered
    inner join {{ ref('int_lineage_edges_resolved') }} as edges on numbered.child_key = edges.child_key
    where numbered.is_set_example
)

select
    set_number,
    parent_key as ancestor_key
from sets
union
select
    sets.set_number,
    ancestors.ancestor_key
from sets
inner join {{ ref('int_inner_ancestors_walked') }} as ancestors on sets.parent_key = ancestors.node_key

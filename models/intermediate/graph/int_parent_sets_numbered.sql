-- One row per model with several parents: the number of its set of parents.
-- Merges copy each other's parents, so counts over a set are made once for all its members.
with edges as (
    select
        child_key,
        parent_key,
        child_created_us
    from {{ ref('int_lineage_edges_resolved') }}
    where n_parents > 1
),

leaves as (
    select distinct child_key
    from {{ ref('int_leaf_edges_selected') }}
    where n_parents > 1
),

sets as (
    select
        child_key,
        child_created_us,
        {{ array_in_order('parent_key', 'parent_key') }} as parent_keys
    from edges
    group by child_key, child_created_us
)

select
    sets.child_key,
    sets.child_created_us,
    dense_rank() over (order by sets.parent_keys) as set_number,
    leaves.child_key is not null as is_leaf,
    row_number() over (partition by sets.parent_keys order by sets.child_key) = 1 as is_set_example
from sets
left join leaves on sets.child_key = leaves.child_key

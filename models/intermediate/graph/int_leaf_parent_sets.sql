-- One row per child with several parents and no children: the number of its set of parents.
-- Merges copy each other's parents, so what is counted over a set is counted once for all its members.
with edges as (
    select
        child_key,
        parent_key
    from {{ ref('int_lineage_edges_resolved') }}
    where n_parents > 1
),

inner_nodes as (
    select distinct child_key from {{ ref('int_inner_edges_selected') }}
),

leaves as (
    select
        edges.child_key,
        {{ array_in_order('edges.parent_key', 'edges.parent_key') }} as parent_keys
    from edges
    left join inner_nodes on edges.child_key = inner_nodes.child_key
    where inner_nodes.child_key is null
    group by edges.child_key
)

select
    child_key,
    dense_rank() over (order by parent_keys) as set_number,
    row_number() over (partition by parent_keys order by child_key) = 1 as is_set_example
from leaves

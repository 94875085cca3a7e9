-- One row per child x parent whose child has no children.
with edges as (
    select
        child_key,
        parent_key,
        n_parents
    from {{ ref('int_lineage_edges_resolved') }}
),

parents as (
    select distinct parent_key from edges
)

select
    edges.child_key,
    edges.parent_key,
    edges.n_parents
from edges
left join parents on edges.child_key = parents.parent_key
where parents.parent_key is null

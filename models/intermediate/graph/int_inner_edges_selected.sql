-- One row per child x parent whose child has children as well.
-- Nine models in ten have none, so walks over the graph only visit the others.
with edges as (
    select
        child_key,
        parent_key
    from {{ ref('int_lineage_edges_resolved') }}
),

parents as (
    select distinct parent_key from edges
)

select
    edges.child_key,
    edges.parent_key
from edges
inner join parents on edges.child_key = parents.parent_key

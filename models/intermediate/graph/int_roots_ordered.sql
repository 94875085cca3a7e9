-- One row per root: a node without parents that has children. The earliest created comes first, unknown dates last.
with edges as (
    select
        child_key,
        parent_key
    from {{ ref('int_lineage_edges_resolved') }}
),

children as (
    select distinct child_key from edges
),

roots as (
    select distinct edges.parent_key
    from edges
    left join children on edges.parent_key = children.child_key
    where children.child_key is null
)

select
    nodes.node_key as root_key,
    row_number() over (order by nodes.created_us nulls last, nodes.node_id_lower) as root_number
from roots
inner join {{ ref('int_lineage_nodes_numbered') }} as nodes on roots.parent_key = nodes.node_key

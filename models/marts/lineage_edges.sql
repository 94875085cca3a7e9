-- One row per child x parent.
with edges as (
    select * from {{ ref('int_lineage_edges_resolved') }}
),

-- An edge is on a cycle if its parent descends from its child. Nodes below a cycle without a root
-- above have no generation, and their edges are flagged with the cycle's.
cycle_edges as (
    select
        node_key as parent_key,
        ancestor_key as child_key
    from {{ ref('int_inner_ancestors_walked') }}
)

select
    children.node_id as child_id,
    parents.node_id as parent_id,
    edges.relation,
    edges.relation_source,
    edges.evidence,
    {{ first_value_of('edges.evidence') }} as first_evidence,
    cast(edges.n_claims as integer) as n_claims,
    {{ days_between('edges.parent_released_us', 'edges.child_released_us') }} as release_lag_days,
    edges.is_parent_listed,
    edges.child_released_us < edges.parent_released_us as is_time_inverted,
    edges.is_same_owner,
    cycle_edges.child_key is not null or positions.generation is null as is_in_cycle,
    doubts.doubt as relation_doubt,
    roots.root_owner,
    roots.root_owner_country,
    children.created_at as child_created_at,
    parents.created_at as parent_created_at
from edges
inner join {{ ref('int_lineage_nodes_numbered') }} as children on edges.child_key = children.node_key
inner join {{ ref('int_lineage_nodes_numbered') }} as parents on edges.parent_key = parents.node_key
inner join {{ ref('int_lineage_positions_summed') }} as positions on edges.child_key = positions.node_key
inner join {{ ref('int_lineage_positions_summed') }} as parent_positions on edges.parent_key = parent_positions.node_key
left join {{ ref('int_roots_owned') }} as roots on parent_positions.root_key = roots.root_key
left join {{ ref('int_relations_doubted') }} as doubts on edges.child_key = doubts.child_key
left join cycle_edges
    on edges.parent_key = cycle_edges.parent_key and edges.child_key = cycle_edges.child_key

-- One row per root x member of its family.
select
    roots.root_id,
    nodes.node_id as model_id,
    cast(members.distance as integer) as distance,
    members.parts / 1e12 as path_share,
    members.root_key = positions.root_key as is_nearest_root
from {{ ref('int_family_members_placed') }} as members
inner join {{ ref('int_roots_owned') }} as roots on members.root_key = roots.root_key
inner join {{ ref('int_lineage_nodes_numbered') }} as nodes on members.node_key = nodes.node_key
inner join {{ ref('int_lineage_positions_summed') }} as positions on members.node_key = positions.node_key

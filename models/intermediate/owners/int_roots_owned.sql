-- One row per root: its id and its owner.
select
    roots.root_key,
    nodes.node_id as root_id,
    owners.owner_key,
    owners.owner as root_owner,
    owners.country as root_owner_country
from {{ ref('int_roots_ordered') }} as roots
inner join {{ ref('int_lineage_nodes_numbered') }} as nodes on roots.root_key = nodes.node_key
left join {{ ref('int_owners_numbered') }} as owners on nodes.owner_lower = owners.owner_lower

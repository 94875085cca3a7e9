-- One row per month x owner that is built on x owner that builds.
-- An id without an owner counts as its own owner, under a negative key.
with nodes as (
    select
        nodes.node_key,
        coalesce(owners.owner_key, -1 - nodes.node_key) as owner_key,
        case when nodes.released_us is not null then cast(date_trunc('month', nodes.created_at) as date) end as month
    from {{ ref('int_lineage_nodes_numbered') }} as nodes
    left join {{ ref('int_owners_numbered') }} as owners on nodes.owner_lower = owners.owner_lower
),

children as (
    select
        children.month,
        parents.owner_key as base_owner_key,
        children.owner_key,
        count(*) as n_new_children
    from {{ ref('int_lineage_edges_resolved') }} as edges
    inner join nodes as children on edges.child_key = children.node_key
    inner join nodes as parents on edges.parent_key = parents.node_key
    where children.month is not null
    group by children.month, parents.owner_key, children.owner_key
),

-- Each new model once, under its nearest root; roots have no root above them.
descendants as (
    select
        members.month,
        coalesce(roots.owner_key, -1 - roots.root_key) as base_owner_key,
        members.owner_key,
        count(*) as n_new_descendants
    from {{ ref('int_lineage_positions_summed') }} as positions
    inner join nodes as members on positions.node_key = members.node_key
    inner join {{ ref('int_roots_owned') }} as roots on positions.root_key = roots.root_key
    where members.month is not null and positions.generation > 0
    group by members.month, coalesce(roots.owner_key, -1 - roots.root_key), members.owner_key
),

together as (
    select
        month,
        base_owner_key,
        owner_key,
        n_new_children,
        0 as n_new_descendants
    from children
    union all
    select
        month,
        base_owner_key,
        owner_key,
        0 as n_new_children,
        n_new_descendants
    from descendants
)

select
    month,
    base_owner_key,
    owner_key,
    cast(sum(n_new_children) as bigint) as n_new_children,
    cast(sum(n_new_descendants) as bigint) as n_new_descendants
from together
group by month, base_owner_key, owner_key

-- One row per owner.
with owners as (
    select * from {{ ref('int_owners_numbered') }}
),

releases as (
    select
        owner_lower,
        count(*) as n_models,
        min(case when released_us is not null then created_at end) as first_release_at,
        max(case when released_us is not null then created_at end) as last_release_at
    from {{ ref('int_models_listed') }}
    where owner_lower is not null
    group by owner_lower
),

nodes as (
    select
        nodes.node_key,
        nodes.owner_lower,
        nodes.is_listed,
        positions.n_parents,
        positions.n_children,
        positions.generation,
        positions.root_key
    from {{ ref('int_lineage_nodes_numbered') }} as nodes
    inner join {{ ref('int_lineage_positions_summed') }} as positions on nodes.node_key = positions.node_key
),

places as (
    select
        owner_lower,
        count(case when is_listed and n_parents > 0 then 1 end) as n_derived,
        count(case when n_children > 0 then 1 end) as n_bases,
        count(case when generation = 0 then 1 end) as n_families
    from nodes
    where owner_lower is not null
    group by owner_lower
),

children as (
    select
        parents.owner_lower,
        count(distinct edges.child_key) as n_derivatives,
        count(distinct case when not edges.is_same_owner then edges.child_key end) as n_derivatives_by_others
    from {{ ref('int_lineage_edges_resolved') }} as edges
    inner join nodes as parents on edges.parent_key = parents.node_key
    where parents.owner_lower is not null
    group by parents.owner_lower
),

-- Each descendant counts once, under its nearest root.
members as (
    select
        roots.owner_lower,
        count(*) as n_family_models,
        count(case when coalesce(nodes.owner_lower, '') != roots.owner_lower then 1 end) as n_family_models_by_others
    from nodes
    inner join nodes as roots on nodes.root_key = roots.node_key
    where nodes.generation > 0 and roots.owner_lower is not null
    group by roots.owner_lower
),

all_members as (
    select count(*) as n_models from nodes
    where generation > 0
)

select
    owners.owner,
    owners.kind,
    owners.kind_status,
    owners.country,
    owners.country_status,
    owners.parent_organisation,
    cast(owners.n_sources as integer) as n_sources,
    cast(coalesce(releases.n_models, 0) as integer) as n_models,
    cast(coalesce(places.n_derived, 0) as integer) as n_derived,
    cast(coalesce(places.n_bases, 0) as integer) as n_bases,
    cast(coalesce(children.n_derivatives, 0) as integer) as n_derivatives,
    cast(coalesce(children.n_derivatives_by_others, 0) as integer) as n_derivatives_by_others,
    cast(coalesce(places.n_families, 0) as integer) as n_families,
    cast(coalesce(members.n_family_models, 0) as integer) as n_family_models,
    cast(coalesce(members.n_family_models_by_others, 0) as integer) as n_family_models_by_others,
    coalesce(members.n_family_models, 0) / nullif(all_members.n_models, 0) as family_share,
    members.n_family_models_by_others / members.n_family_models as family_share_by_others,
    releases.first_release_at,
    releases.last_release_at
from owners
cross join all_members
left join releases on owners.owner_lower = releases.owner_lower
left join places on owners.owner_lower = places.owner_lower
left join children on owners.owner_lower = children.owner_lower
left join members on owners.owner_lower = members.owner_lower

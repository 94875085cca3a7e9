-- One row per month x owner that is built on x owner that builds.
with flows as (
    select * from {{ ref('int_owner_flows_counted') }}
),

names as (
    select
        owner_key,
        owner
    from {{ ref('int_owners_numbered') }}
    union all
    select
        -1 - node_key as owner_key,
        node_id as owner
    from {{ ref('int_lineage_nodes_numbered') }}
    where owner_lower is null
)

select
    flows.month,
    base_owners.owner as base_owner,
    owners.owner,
    cast(flows.n_new_children as integer) as n_new_children,
    cast(flows.n_new_descendants as integer) as n_new_descendants
from flows
inner join names as base_owners on flows.base_owner_key = base_owners.owner_key
inner join names as owners on flows.owner_key = owners.owner_key

-- One row per month x country that is built on x country that builds.
with flows as (
    select * from {{ ref('int_owner_flows_counted') }}
),

owners as (
    select
        owner_key,
        country
    from {{ ref('int_owners_numbered') }}
    where country is not null
)

select
    flows.month,
    coalesce(base_owners.country, 'unknown') as base_country,
    coalesce(owners.country, 'unknown') as country,
    cast(sum(flows.n_new_children) as integer) as n_new_children,
    cast(sum(flows.n_new_descendants) as integer) as n_new_descendants
from flows
left join owners as base_owners on flows.base_owner_key = base_owners.owner_key
left join owners on flows.owner_key = owners.owner_key
group by flows.month, coalesce(base_owners.country, 'unknown'), coalesce(owners.country, 'unknown')

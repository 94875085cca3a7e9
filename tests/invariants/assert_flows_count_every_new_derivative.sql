-- Flows between owners, and between countries, count each dated edge and each dated descendant of a root once.
with flows as (
    select
        sum(n_new_children) as n_new_children,
        sum(n_new_descendants) as n_new_descendants
    from {{ ref('owner_flows') }}
    union all
    select
        sum(n_new_children) as n_new_children,
        sum(n_new_descendants) as n_new_descendants
    from {{ ref('country_flows') }}
),

edges as (
    select count(*) as n_new_children
    from {{ ref('lineage_edges') }}
    where child_created_at >= timestamp '{{ var("creation_floor") }}'
),

descendants as (
    select count(*) as n_new_descendants
    from {{ ref('hub_models') }}
    where generation > 0 and created_at >= timestamp '{{ var("creation_floor") }}'
)

select
    flows.n_new_children,
    flows.n_new_descendants
from flows
cross join edges
cross join descendants
where
    coalesce(flows.n_new_children, 0) != edges.n_new_children
    or coalesce(flows.n_new_descendants, 0) != descendants.n_new_descendants

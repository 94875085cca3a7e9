-- n_parents and n_children of a model are the numbers of its edges.
with parents as (
    select
        child_id as model_id,
        count(*) as n_parents
    from {{ ref('lineage_edges') }}
    group by child_id
),

children as (
    select
        parent_id as model_id,
        count(*) as n_children
    from {{ ref('lineage_edges') }}
    group by parent_id
)

select models.model_id
from {{ ref('hub_models') }} as models
left join parents on models.model_id = parents.model_id
left join children on models.model_id = children.model_id
where
    models.n_parents != coalesce(parents.n_parents, 0)
    or models.n_children != coalesce(children.n_children, 0)

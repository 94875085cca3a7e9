-- A model with parents has a generation, a root and a number of roots, or only edges flagged is_in_cycle.
with edges as (
    select
        child_id,
        bool_and(is_in_cycle) as is_all_in_cycle
    from {{ ref('lineage_edges') }}
    group by child_id
)

select models.model_id
from {{ ref('hub_models') }} as models
left join edges on models.model_id = edges.child_id
where
    (models.generation is null) != (models.root_id is null)
    or (models.generation is null) != (models.n_roots = 0)
    or (models.generation is null and models.n_parents > 0 and not edges.is_all_in_cycle)

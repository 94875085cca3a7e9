-- A model is one step below the nearest of its listed parents, or directly below an unlisted one.
with nearest_parents as (
    select
        edges.child_id,
        min(case when edges.is_parent_listed then parents.generation else 0 end) as generation
    from {{ ref('lineage_edges') }} as edges
    left join {{ ref('hub_models') }} as parents on edges.parent_id = parents.model_id
    group by edges.child_id
)

select
    models.model_id,
    models.generation,
    nearest_parents.generation as parent_generation
from {{ ref('hub_models') }} as models
inner join nearest_parents on models.model_id = nearest_parents.child_id
where models.generation is distinct from nearest_parents.generation + 1

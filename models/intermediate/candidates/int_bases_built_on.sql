-- One row per listed model that at least two other owners build on: the traits that its children may share with it.
with builders as (
    select
        parent_key,
        count(distinct child_owner) as n_owners
    from {{ ref('int_lineage_edges_resolved') }}
    where is_parent_listed and not is_same_owner
    group by parent_key
    having count(distinct child_owner) > 1
)

select
    builders.parent_key as base_key,
    builders.n_owners,
    models.owner_lower,
    lower(models.repository_name) as name,
    models.architecture,
    models.safetensors_parameters,
    models.chat_template_hash,
    models.released_us
from builders
inner join {{ ref('int_models_listed') }} as models on builders.parent_key = models.model_key

-- A family has as many models as its root has descendants, each of one relation.
select
    families.root_id,
    families.n_models,
    roots.n_descendants
from {{ ref('families') }} as families
left join {{ ref('hub_models') }} as roots on families.root_id = roots.model_id
where
    families.n_models != coalesce(roots.n_descendants, families.n_models)
    or families.n_models != families.n_finetune + families.n_adapter + families.n_quantized + families.n_merge + families.n_unknown

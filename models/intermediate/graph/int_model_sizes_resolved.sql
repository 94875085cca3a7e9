-- One row per Hub model in the latest snapshot: its number of parameters and where the number comes from.
--
-- An adapter's own weights are the adapter's, and packed weights of a quantized model count packed
-- elements, so both take their parent's size first. One step up only: a parent's inherited size is
-- no evidence.
with models as (
    select
        listed.model_key,
        nullif(listed.safetensors_parameters, 0) as safetensors_parameters,
        nullif(listed.gguf_parameters, 0) as gguf_parameters,
        {{ parameters_in_name('listed.repository_name') }} as name_parameters
    from {{ ref('int_models_listed') }} as listed
),

child_edges as (
    select
        child_key,
        max(parent_key) filter (where is_parent_listed) as parent_key,
        max({{ relation_number('relation') }}) as relation_number,
        count(*) as n_parents
    from {{ ref('int_lineage_edges_resolved') }}
    group by child_key
),

candidates as (
    select
        models.model_key,
        coalesce(child_edges.relation_number, 0) as relation_number,
        models.safetensors_parameters,
        models.gguf_parameters,
        models.name_parameters,
        case
            when child_edges.n_parents = 1 and coalesce(parent_edges.relation_number, 0) not in (2, 3)
                then coalesce(parents.safetensors_parameters, parents.gguf_parameters, parents.name_parameters)
        end as parent_parameters
    from models
    left join child_edges on models.model_key = child_edges.child_key
    left join models as parents on child_edges.parent_key = parents.model_key
    left join child_edges as parent_edges on child_edges.parent_key = parent_edges.child_key
),

chosen as (
    select
        *,
        case
            when relation_number = 3 and parent_parameters is not null then 'parent'
            when relation_number = 3 and name_parameters is not null then 'name'
            when relation_number = 3 then null
            when relation_number = 2 and gguf_parameters is not null then 'gguf'
            when relation_number = 2 and parent_parameters is not null then 'parent'
            when relation_number = 2 and name_parameters is not null then 'name'
            when safetensors_parameters is not null then 'safetensors'
            when gguf_parameters is not null then 'gguf'
            when name_parameters is not null then 'name'
        end as parameter_source
    from candidates
),

sized as (
    select
        model_key,
        parameter_source,
        case parameter_source
            when 'safetensors' then safetensors_parameters
            when 'gguf' then gguf_parameters
            when 'parent' then parent_parameters
            when 'name' then name_parameters
        end as parameter_count
    from chosen
)

select
    sized.model_key,
    sized.parameter_count,
    sized.parameter_source,
    size_classes.size_class
from sized
left join {{ ref('size_classes') }} as size_classes
    on
        sized.parameter_count >= size_classes.at_least
        and (size_classes.below is null or sized.parameter_count < size_classes.below)

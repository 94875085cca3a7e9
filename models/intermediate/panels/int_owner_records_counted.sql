-- One row per Hub model in the latest snapshot whose id has an owner: the owner's models, and the number of earlier derivatives.
with models as (
    select
        model_key,
        owner_lower,
        released_us
    from {{ ref('int_models_listed') }}
    where owner_lower is not null
),

-- A child of several models of one owner counts as one derivative of that owner.
derivatives as (
    select distinct
        parents.owner_lower,
        edges.child_key,
        edges.child_released_us as moment_us
    from {{ ref('int_lineage_edges_resolved') }} as edges
    inner join {{ ref('int_lineage_nodes_numbered') }} as parents on edges.parent_key = parents.node_key
    where parents.owner_lower is not null and edges.child_released_us is not null
),

moments as (
    select
        owner_lower,
        moment_us,
        child_key as derivative_key,
        null as model_key
    from derivatives
    union all
    select
        owner_lower,
        released_us as moment_us,
        null as derivative_key,
        model_key
    from models
    where released_us is not null
),

counted as (
    select
        model_key,
        count(derivative_key) over (
            partition by owner_lower
            order by moment_us nulls last
            range between unbounded preceding and 1 preceding
        ) as n_owner_derivatives_before
    from moments
)

select
    models.model_key,
    count(*) over (partition by models.owner_lower) as n_owner_models,
    counted.n_owner_derivatives_before
from models
left join counted on models.model_key = counted.model_key

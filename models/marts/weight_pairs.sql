-- One row per child x text that names its parent x tool x source: pairs of models with compared weights.
with pairs as (
    select
        pairs.*,
        coalesce(models.model_id, pairs.claimed_child) as child_id,
        models.model_key as child_key
    from {{ ref('stg_weights__pairs') }} as pairs
    left join {{ ref('int_parent_texts_resolved') }} as children on pairs.claimed_child = children.claimed_parent
    left join {{ ref('int_models_listed') }} as models on children.model_key = models.model_key
),

compared as (
    select
        child_id,
        child_key,
        claimed_parent,
        tool,
        source,
        max(score) as score,
        count(*) as n_rows,
        min(fault) as fault
    from pairs
    group by child_id, child_key, claimed_parent, tool, source
),

claims as (
    select
        child_key,
        claimed_parent,
        parent_key,
        rejection_reason
    from {{ ref('int_parent_claims_judged') }}
    where evidence = 'weights'
)

select
    compared.child_id,
    compared.claimed_parent,
    compared.tool,
    compared.source,
    parents.node_id as parent_id,
    compared.score,
    cast(compared.n_rows as integer) as n_rows,
    compared.child_key is not null as is_child_listed,
    case
        when compared.fault is not null then compared.fault
        when compared.child_key is null then 'child_not_listed'
        else claims.rejection_reason
    end as rejection_reason
from compared
left join claims
    on compared.child_key = claims.child_key and compared.claimed_parent = claims.claimed_parent
left join {{ ref('int_lineage_nodes_numbered') }} as parents
    on claims.parent_key = parents.node_key and claims.rejection_reason is null

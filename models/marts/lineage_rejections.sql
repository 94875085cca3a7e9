-- One row per child x claimed text x evidence phase that did not become an edge.
select
    models.model_id as child_id,
    claims.claimed_parent,
    claims.evidence,
    claims.rejection_reason as reason
from {{ ref('int_parent_claims_judged') }} as claims
inner join {{ ref('int_models_listed') }} as models on claims.child_key = models.model_key
where claims.rejection_reason is not null

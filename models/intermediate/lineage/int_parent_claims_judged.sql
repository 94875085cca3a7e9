-- One row per child x evidence phase x claimed text in the latest snapshot: the parent it means, or why it is no edge.
with claims as (
    select * from {{ ref('int_parent_claims_identified') }}
),

pairs as (
    select
        child_id_lower,
        parent_id_lower,
        rejection_reason
    from {{ ref('int_lineage_pairs_related') }}
)

select
    claims.child_id_lower,
    claims.evidence,
    claims.claimed_parent,
    claims.parent_id_lower,
    claims.spelled_id,
    coalesce(claims.rejection_reason, pairs.rejection_reason) as rejection_reason
from claims
left join pairs
    on claims.child_id_lower = pairs.child_id_lower and claims.parent_id_lower = pairs.parent_id_lower

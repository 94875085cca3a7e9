-- One row per child x evidence phase x claimed text in the latest snapshot: the parent it means, or why it does not become an edge.
with claims as (
    select * from {{ ref('int_parent_claims_identified') }}
),

pairs as (
    select
        child_key,
        parent_key,
        rejection_reason
    from {{ ref('int_lineage_pairs_related') }}
)

select
    claims.child_key,
    claims.evidence,
    claims.claimed_parent,
    claims.parent_key,
    claims.unlisted_spelling,
    coalesce(claims.rejection_reason, pairs.rejection_reason) as rejection_reason
from claims
left join pairs
    on claims.child_key = pairs.child_key and claims.parent_key = pairs.parent_key

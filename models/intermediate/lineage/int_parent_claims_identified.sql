-- One row per child x evidence phase x claimed text in the latest snapshot: the parent it means, or why it is no edge.
with claims as (
    select * from {{ ref('int_parent_claims_gathered') }}
),

resolved as (
    select * from {{ ref('int_parent_texts_resolved') }}
),

listed as (
    select
        model_id_lower,
        hub_oid
    from {{ ref('int_models_listed') }}
    where hub_oid is not null
),

-- The Hub's immutable id of the parent, where it is given, beats any name.
identified as (
    select
        claims.*,
        coalesce(listed.model_id_lower, case when claims.is_text then resolved.parent_id_lower end) as parent_id_lower,
        case
            when listed.model_id_lower is not null then null
            when not claims.is_text then 'malformed'
            else resolved.fault
        end as fault,
        coalesce(resolved.spelled_id, claims.claimed_parent) as spelled_id
    from claims
    inner join resolved using (claimed_parent)
    left join listed on claims.claimed_oid = listed.hub_oid
)

select
    child_id_lower,
    evidence,
    claimed_parent,
    phase_number,
    claimed_relation_number,
    parent_id_lower,
    spelled_id,
    case
        when fault is not null then fault
        when parent_id_lower = child_id_lower then 'self_reference'
        when not is_phase_in_use then 'phase_not_in_use'
    end as rejection_reason
from identified

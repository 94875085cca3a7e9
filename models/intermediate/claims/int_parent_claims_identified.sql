-- One row per child x evidence phase x claimed text in the latest snapshot: the parent it means, or why it does not become an edge.
with claims as (
    select * from {{ ref('int_parent_claims_gathered') }}
),

resolved as (
    select
        claims.*,
        texts.parent_key,
        texts.parent_id_lower,
        texts.parent_oid,
        texts.is_parent_listed,
        texts.spelled_id,
        texts.fault
    from claims
    inner join {{ ref('int_parent_texts_resolved') }} as texts on claims.claimed_parent = texts.claimed_parent
),

-- The parent's immutable id, where the Hub gives it, outranks any name. Mostly it belongs to the
-- model of that name; only the others are searched for among all models.
other_oids as (
    select distinct claimed_oid
    from resolved
    where claimed_oid is not null and claimed_oid is distinct from parent_oid
),

others as (
    select
        models.model_key,
        models.hub_oid
    from {{ ref('int_models_listed') }} as models
    inner join other_oids on models.hub_oid = other_oids.claimed_oid
),

identified as (
    select
        resolved.*,
        coalesce(resolved.claimed_oid = resolved.parent_oid, false) or others.model_key is not null as is_identified,
        coalesce(others.model_key, used_again.earlier_key) as other_key
    from resolved
    left join others on resolved.claimed_oid = others.hub_oid
    -- A name that another repository has taken means the one that had it when the child used it.
    left join {{ ref('int_names_used_again') }} as used_again
        on
            resolved.child_key = used_again.child_key
            and resolved.parent_id_lower = used_again.parent_id_lower
            and resolved.is_text
            and coalesce(resolved.claimed_oid != resolved.parent_oid, true)
),

judged as (
    select
        child_key,
        evidence,
        claimed_parent,
        phase_number,
        claimed_relation_number,
        is_phase_in_use,
        coalesce(other_key, case when is_text or is_identified then parent_key end) as parent_key,
        -- The spelling of a parent that is not listed in the snapshot; null for those that are.
        case
            when is_identified or is_parent_listed then null
            when lower(spelled_id) = parent_id_lower then spelled_id
            else parent_id_lower
        end as unlisted_spelling,
        case
            when is_identified then null
            when not is_text then 'malformed'
            else fault
        end as fault
    from identified
)

select
    child_key,
    evidence,
    claimed_parent,
    phase_number,
    claimed_relation_number,
    parent_key,
    unlisted_spelling,
    case
        when fault is not null then fault
        when parent_key = child_key then 'self_reference'
        when not is_phase_in_use then 'phase_not_in_use'
    end as rejection_reason
from judged

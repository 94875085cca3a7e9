-- One row per child x complete snapshot in which it names a parent: all its parents as one text.
with parents as (
    select distinct
        claims.snapshot_id,
        claims.child_id_lower,
        resolved.parent_id_lower
    from {{ ref('stg_hub__parent_claims') }} as claims
    inner join {{ ref('int_parent_texts_resolved') }} as resolved using (claimed_parent)
    where
        claims.is_text
        and resolved.parent_id_lower is not null
        and resolved.parent_id_lower != claims.child_id_lower
        and {{ is_phase_in_use('claims.evidence') }}
)

select
    snapshot_id,
    child_id_lower,
    {{ joined_in_order('parent_id_lower', ', ') }} as parent_ids
from parents
group by snapshot_id, child_id_lower

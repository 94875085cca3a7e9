-- One row per version whose claims differ from those before it x claim in use that names a parent.
select
    versions.claims_key,
    claims.evidence,
    claims.claimed_parent,
    claims.claimed_oid,
    texts.parent_id_lower as named_id_lower,
    resolved.parent_id_lower,
    claims.is_text and resolved.parent_id_lower is not null and {{ is_phase_in_use('claims.evidence') }} as is_parent
from {{ ref('stg_hub__parent_claims') }} as claims
inner join {{ ref('stg_hub__versions') }} as versions
    on claims.snapshot_id = versions.snapshot_id and claims.child_key = versions.model_key
inner join {{ ref('int_parent_texts_cleaned') }} as texts on claims.claimed_parent = texts.claimed_parent
inner join {{ ref('int_parent_texts_resolved') }} as resolved on claims.claimed_parent = resolved.claimed_parent
-- With a single snapshot nothing is compared.
where
    versions.version_key = versions.claims_key
    and (select count(*) from {{ ref('stg_hub__readings') }}) > 1

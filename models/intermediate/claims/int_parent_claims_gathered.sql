-- One row per child x evidence phase x claimed text in the latest snapshot.
-- A view, since the next step repeats all its rows.
{{ config(materialized=view_or_table()) }}
with latest as (
    select snapshot_id from {{ ref('stg_hub__snapshots') }}
    where is_latest
),

-- Items may hold what a dump's maker read from a card; we may have read the same.
beside as (
    select
        beside.child_key,
        beside.evidence,
        beside.claimed_parent
    from {{ ref('int_parent_claims_beside') }} as beside
    left join {{ ref('stg_hub__parent_claims') }} as claims
        on
            beside.child_key = claims.child_key
            and beside.evidence = claims.evidence
            and beside.claimed_parent = claims.claimed_parent
            and claims.snapshot_id = (select latest.snapshot_id from latest)
    where claims.child_key is null
),

claims as (
    select
        claims.child_key,
        claims.evidence,
        claims.claimed_parent,
        claims.is_text,
        claims.claimed_oid,
        claims.claimed_relation_number
    from {{ ref('stg_hub__parent_claims') }} as claims
    inner join latest on claims.snapshot_id = latest.snapshot_id
    union all
    select
        child_key,
        'name' as evidence,
        claimed_parent,
        true as is_text,
        null as claimed_oid,
        null as claimed_relation_number
    from {{ ref('int_parent_claims_by_name') }}
    union all
    select
        child_key,
        evidence,
        claimed_parent,
        true as is_text,
        null as claimed_oid,
        null as claimed_relation_number
    from beside
)

select
    claims.child_key,
    claims.evidence,
    claims.claimed_parent,
    claims.is_text,
    claims.claimed_oid,
    claims.claimed_relation_number,
    evidence_phases.phase_number,
    {{ is_phase_in_use('claims.evidence') }} as is_phase_in_use
from claims
inner join {{ ref('evidence_phases') }} as evidence_phases on claims.evidence = evidence_phases.phase

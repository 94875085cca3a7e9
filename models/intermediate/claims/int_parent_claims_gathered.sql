-- One row per child x evidence phase x claimed text in the latest snapshot.
-- A view: what is judged next repeats every row of it.
{{ config(materialized='table' if target.name in ('spark', 'spark_connect', 'lake') else 'view') }}
with latest as (
    select snapshot_id from {{ ref('stg_hub__snapshots') }}
    where is_latest
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

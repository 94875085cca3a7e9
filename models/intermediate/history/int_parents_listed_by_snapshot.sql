-- One row per child x complete snapshot in which it names a parent: all its parents, as names and as repositories.
with latest as (
    select snapshot_id from {{ ref('stg_hub__snapshots') }}
    where is_latest
),

identities as (
    select
        snapshot_id,
        snapshot_at,
        model_id_lower,
        identity
    from {{ ref('int_model_identities_linked') }}
),

named as (
    select
        claims.snapshot_id,
        claims.child_id_lower,
        texts.parent_id_lower as named_id_lower,
        resolved.parent_id_lower
    from {{ ref('stg_hub__parent_claims') }} as claims
    inner join {{ ref('int_parent_texts_cleaned') }} as texts on claims.claimed_parent = texts.claimed_parent
    inner join {{ ref('int_parent_texts_resolved') }} as resolved on claims.claimed_parent = resolved.claimed_parent
    where
        claims.is_text
        and resolved.parent_id_lower is not null
        and {{ is_phase_in_use('claims.evidence') }}
),

names as (
    select distinct named_id_lower from named
),

last_bearers as (
    select
        identities.model_id_lower,
        identities.identity
    from identities
    inner join names on identities.model_id_lower = names.named_id_lower
    qualify row_number() over (
        partition by identities.model_id_lower
        order by identities.snapshot_at desc nulls last, identities.snapshot_id desc nulls last
    ) = 1
),

-- A name means the repository that bore it in that snapshot. What nobody bore then means what it
-- means today, so that a parent's rename is no change of the child's lineage; and what nobody bears
-- today means the last to bear it, so that a parent's end is none either.
parents as (
    select
        named.snapshot_id,
        named.child_id_lower,
        coalesce(
            then_listed.identity, now_listed.identity, last_listed.identity, named.parent_id_lower
        ) as parent_identity,
        coalesce(then_listed.model_id_lower, named.parent_id_lower) as parent_id
    from named
    cross join latest
    left join identities as children
        on named.snapshot_id = children.snapshot_id and named.child_id_lower = children.model_id_lower
    left join identities as then_listed
        on named.snapshot_id = then_listed.snapshot_id and named.named_id_lower = then_listed.model_id_lower
    left join identities as now_listed
        on latest.snapshot_id = now_listed.snapshot_id and named.parent_id_lower = now_listed.model_id_lower
    left join last_bearers as last_listed on named.named_id_lower = last_listed.model_id_lower
    where
        coalesce(then_listed.identity, now_listed.identity, last_listed.identity, named.parent_id_lower)
        != coalesce(children.identity, named.child_id_lower)
),

-- Two names of one repository are one parent.
distinct_parents as (
    select
        snapshot_id,
        child_id_lower,
        parent_identity,
        min(parent_id) as parent_id
    from parents
    group by snapshot_id, child_id_lower, parent_identity
)

select
    snapshot_id,
    child_id_lower,
    {{ joined_in_order('parent_id', ', ') }} as parent_ids,
    {{ joined_in_order('parent_identity', ', ') }} as parent_identities
from distinct_parents
group by snapshot_id, child_id_lower

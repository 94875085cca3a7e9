-- One row per child x complete snapshot in which it names a parent: all its parents, as names and as repositories.
with latest as (
    select snapshot_id from {{ ref('stg_hub__snapshots') }}
    where is_latest
),

-- Nothing is compared where there is one snapshot only.
compared as (
    select snapshot_id from {{ ref('stg_hub__snapshots') }}
    where (select count(*) from {{ ref('stg_hub__snapshots') }}) > 1
),

identities as (
    select
        snapshot_id,
        snapshot_at,
        model_key,
        model_id_lower,
        identity
    from {{ ref('int_model_identities_linked') }}
),

named as (
    select
        claims.snapshot_id,
        claims.child_key,
        texts.parent_id_lower as named_id_lower,
        resolved.parent_id_lower
    from {{ ref('stg_hub__parent_claims') }} as claims
    inner join compared on claims.snapshot_id = compared.snapshot_id
    inner join {{ ref('int_parent_texts_cleaned') }} as texts on claims.claimed_parent = texts.claimed_parent
    inner join {{ ref('int_parent_texts_resolved') }} as resolved on claims.claimed_parent = resolved.claimed_parent
    where
        claims.is_text
        and resolved.parent_id_lower is not null
        and {{ is_phase_in_use('claims.evidence') }}
),

named_once as (
    select distinct * from named
),

names as (
    select distinct
        snapshot_id,
        named_id_lower,
        parent_id_lower
    from named_once
),

borne as (
    select distinct named_id_lower from names
),

last_bearers as (
    select
        identities.model_id_lower,
        identities.identity
    from identities
    inner join borne on identities.model_id_lower = borne.named_id_lower
    qualify row_number() over (
        partition by identities.model_id_lower
        order by identities.snapshot_at desc nulls last, identities.snapshot_id desc nulls last
    ) = 1
),

-- A child goes on to mean the repository that bore the name when it was first seen to name it, also where another one
-- has taken the name meanwhile.
names_of_several as (
    select identities.model_id_lower
    from identities
    inner join borne on identities.model_id_lower = borne.named_id_lower
    group by identities.model_id_lower
    having count(distinct identities.identity) > 1
),

named_at as (
    select distinct
        children.identity as child_identity,
        named_once.named_id_lower,
        children.snapshot_at,
        children.snapshot_id
    from named_once
    inner join names_of_several on named_once.named_id_lower = names_of_several.model_id_lower
    inner join identities as children
        on named_once.snapshot_id = children.snapshot_id and named_once.child_key = children.model_key
),

first_meant as (
    select
        named_at.child_identity,
        named_at.named_id_lower,
        bearers.identity as parent_identity
    from named_at
    inner join identities as bearers
        on named_at.snapshot_id = bearers.snapshot_id and named_at.named_id_lower = bearers.model_id_lower
    qualify row_number() over (
        partition by named_at.child_identity, named_at.named_id_lower
        order by named_at.snapshot_at nulls last, named_at.snapshot_id nulls last
    ) = 1
),

-- The Hub's own word that the child means the bearer of that time ends all doubt.
claimed_oids as (
    select distinct
        claims.snapshot_id,
        claims.child_key,
        claims.claimed_oid
    from {{ ref('stg_hub__parent_claims') }} as claims
    inner join compared on claims.snapshot_id = compared.snapshot_id
    where claims.claimed_oid is not null
),

used_again as (
    select
        children.identity as child_identity,
        used_again.parent_id_lower as named_id_lower,
        bearers.identity as parent_identity
    from {{ ref('int_names_used_again') }} as used_again
    cross join latest
    inner join identities as children
        on latest.snapshot_id = children.snapshot_id and used_again.child_key = children.model_key
    inner join identities as bearers
        on latest.snapshot_id = bearers.snapshot_id and used_again.earlier_key = bearers.model_key
),

-- A name means the repository that bore it in that snapshot. What nobody bore then means what it
-- means today, so that a parent's rename is no change of the child's lineage; and what nobody bears
-- today means the last to bear it, so that a parent's end is none either.
meant as (
    select
        names.*,
        then_listed.identity as then_identity,
        coalesce(
            then_listed.identity, now_listed.identity, last_listed.identity, names.parent_id_lower
        ) as parent_identity,
        coalesce(then_listed.model_id_lower, names.parent_id_lower) as parent_id
    from names
    cross join latest
    left join identities as then_listed
        on names.snapshot_id = then_listed.snapshot_id and names.named_id_lower = then_listed.model_id_lower
    left join identities as now_listed
        on latest.snapshot_id = now_listed.snapshot_id and names.parent_id_lower = now_listed.model_id_lower
    left join last_bearers as last_listed on names.named_id_lower = last_listed.model_id_lower
),

meant_by_child as (
    select
        named_once.snapshot_id,
        named_once.child_key,
        children.identity as child_identity,
        case
            when claimed_oids.claimed_oid is not null then meant.parent_identity
            when named_once.snapshot_id = latest.snapshot_id then coalesce(used_again.parent_identity, meant.parent_identity)
            else coalesce(used_again.parent_identity, first_meant.parent_identity, meant.parent_identity)
        end as parent_identity,
        meant.parent_id
    from named_once
    cross join latest
    inner join meant
        on
            named_once.snapshot_id = meant.snapshot_id
            and named_once.named_id_lower = meant.named_id_lower
            and named_once.parent_id_lower = meant.parent_id_lower
    inner join identities as children
        on named_once.snapshot_id = children.snapshot_id and named_once.child_key = children.model_key
    left join first_meant
        on children.identity = first_meant.child_identity and named_once.named_id_lower = first_meant.named_id_lower
    left join used_again
        on children.identity = used_again.child_identity and named_once.named_id_lower = used_again.named_id_lower
    left join claimed_oids
        on
            named_once.snapshot_id = claimed_oids.snapshot_id
            and named_once.child_key = claimed_oids.child_key
            and meant.then_identity = claimed_oids.claimed_oid
),

-- Two names of one repository are one parent.
distinct_parents as (
    select
        meant.snapshot_id,
        meant.child_key,
        meant.parent_identity,
        min(meant.parent_id) as parent_id
    from meant_by_child as meant
    where meant.parent_identity != meant.child_identity
    group by meant.snapshot_id, meant.child_key, meant.parent_identity
)

select
    snapshot_id,
    child_key,
    {{ joined_in_order('parent_id', ', ') }} as parent_ids,
    {{ joined_in_order('parent_identity', ', ') }} as parent_identities
from distinct_parents
group by snapshot_id, child_key

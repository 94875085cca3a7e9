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

-- A name means the repository that bore it in that snapshot. What nobody bore then means what it
-- means today, so that a parent's rename is no change of the child's lineage; and what nobody bears
-- today means the last to bear it, so that a parent's end is none either.
meant as (
    select
        names.*,
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

-- Two names of one repository are one parent.
distinct_parents as (
    select
        named_once.snapshot_id,
        named_once.child_key,
        meant.parent_identity,
        min(meant.parent_id) as parent_id
    from named_once
    inner join meant using (snapshot_id, named_id_lower, parent_id_lower)
    inner join identities as children
        on named_once.snapshot_id = children.snapshot_id and named_once.child_key = children.model_key
    where meant.parent_identity != children.identity
    group by named_once.snapshot_id, named_once.child_key, meant.parent_identity
)

select
    snapshot_id,
    child_key,
    {{ joined_in_order('parent_id', ', ') }} as parent_ids,
    {{ joined_in_order('parent_identity', ', ') }} as parent_identities
from distinct_parents
group by snapshot_id, child_key

-- One row per child x name that a listed model has today but by which the child means an earlier holder of the name: that holder.
with snapshots as (
    select * from {{ ref('stg_hub__snapshots') }}
),

versions as (
    select
        version_key,
        claims_key,
        snapshot_id,
        model_key,
        lower(model_id) as model_id_lower,
        hub_oid
    from {{ ref('stg_hub__versions') }}
    where hub_oid is not null
),

sightings as (
    select
        snapshot_id,
        version_key
    from {{ ref('stg_hub__sightings') }}
),

listed as (
    select
        model_key,
        model_id_lower,
        hub_oid,
        created_us
    from {{ ref('int_models_listed') }}
),

texts as (
    select
        texts.claimed_parent,
        texts.parent_id_lower,
        listed.model_key as bearer_key,
        listed.hub_oid as bearer_oid,
        listed.created_us as bearer_created_us
    from {{ ref('int_parent_texts_cleaned') }} as texts
    inner join listed on texts.parent_id_lower = listed.model_id_lower
    where texts.fault is null and listed.hub_oid is not null
),

names as (
    select distinct
        parent_id_lower,
        bearer_key,
        bearer_oid,
        bearer_created_us
    from texts
),

-- Repositories that had the name in an earlier snapshot, under another immutable id, and are listed under another name today.
versions_of_others as (
    select
        versions.version_key,
        names.parent_id_lower,
        listed.model_key as earlier_key,
        listed.hub_oid as earlier_oid
    from versions
    inner join names on versions.model_id_lower = names.parent_id_lower
    inner join listed on versions.hub_oid = listed.hub_oid
    where versions.hub_oid != names.bearer_oid
),

earlier_bearers as (
    select
        sightings.snapshot_id,
        snapshots.snapshot_at,
        versions_of_others.parent_id_lower,
        versions_of_others.earlier_key,
        versions_of_others.earlier_oid
    from sightings
    inner join versions_of_others on sightings.version_key = versions_of_others.version_key
    inner join snapshots on sightings.snapshot_id = snapshots.snapshot_id
    where not snapshots.is_latest
),

names_of_others as (
    select distinct parent_id_lower from versions_of_others
),

-- Few names have had two holders; only claims of these names are looked at.
claims as (
    select
        claims.snapshot_id,
        snapshots.is_latest,
        claims.child_key,
        claims.evidence,
        claims.claimed_oid,
        texts.parent_id_lower,
        texts.bearer_key,
        texts.bearer_oid,
        texts.bearer_created_us
    from {{ ref('stg_hub__parent_claims') }} as claims
    inner join texts on claims.claimed_parent = texts.claimed_parent
    inner join names_of_others on texts.parent_id_lower = names_of_others.parent_id_lower
    inner join snapshots on claims.snapshot_id = snapshots.snapshot_id
    where claims.is_text
),

-- The Hub's immutable ids of a child's parents, whatever their names.
claimed_oids as (
    select distinct
        claims.child_key,
        claims.claimed_oid
    from {{ ref('stg_hub__parent_claims') }} as claims
    inner join snapshots on claims.snapshot_id = snapshots.snapshot_id
    where snapshots.is_latest and claims.claimed_oid is not null
),

-- Names in children that are not younger than the name's present holder, or whose age is unknown.
named as (
    select distinct
        claims.child_key,
        claims.parent_id_lower,
        claims.bearer_oid,
        children.hub_oid as child_oid,
        coalesce(children.created_us < claims.bearer_created_us, false) as is_older_than_bearer
    from claims
    inner join listed as children on claims.child_key = children.model_key
    left join claimed_oids
        on claims.child_key = claimed_oids.child_key and claims.bearer_oid = claimed_oids.claimed_oid
    -- If the Hub itself says that the child means the present holder, that settles it.
    where claims.is_latest and claimed_oids.child_key is null and claims.child_key != claims.bearer_key
),

doubted as (
    select
        named.*,
        earlier_bearers.snapshot_id,
        earlier_bearers.snapshot_at,
        earlier_bearers.earlier_key,
        earlier_bearers.earlier_oid
    from named
    inner join earlier_bearers on named.parent_id_lower = earlier_bearers.parent_id_lower
),

-- Children that already used the name in an earlier snapshot.
versions_naming_it as (
    select distinct
        versions.version_key,
        versions.hub_oid as child_oid,
        claims.parent_id_lower
    from claims
    inner join versions as claiming on claims.snapshot_id = claiming.snapshot_id and claims.child_key = claiming.model_key
    inner join versions on claiming.version_key = versions.claims_key
),

named_before as (
    select distinct
        sightings.snapshot_id,
        versions_naming_it.child_oid,
        versions_naming_it.parent_id_lower
    from sightings
    inner join versions_naming_it on sightings.version_key = versions_naming_it.version_key
),

weighed as (
    select
        doubted.child_key,
        doubted.parent_id_lower,
        doubted.earlier_key,
        doubted.snapshot_at,
        claimed_oids.claimed_oid is not null as is_claimed_by_oid,
        named_before.snapshot_id is not null as is_named_before,
        doubted.is_older_than_bearer
    from doubted
    left join claimed_oids
        on doubted.child_key = claimed_oids.child_key and doubted.earlier_oid = claimed_oids.claimed_oid
    left join named_before
        on
            doubted.snapshot_id = named_before.snapshot_id
            and doubted.child_oid = named_before.child_oid
            and doubted.parent_id_lower = named_before.parent_id_lower
)

select
    child_key,
    parent_id_lower,
    earlier_key
from weighed
where (is_claimed_by_oid or is_named_before or is_older_than_bearer) and child_key != earlier_key
qualify row_number() over (
    partition by child_key, parent_id_lower
    order by
        is_claimed_by_oid desc nulls last, is_named_before desc nulls last,
        -- What the name meant when the child was first seen using it; if it never was, the last holder before today's.
        case when is_named_before then snapshot_at end asc nulls last, snapshot_at desc nulls last, earlier_key asc nulls last
) = 1

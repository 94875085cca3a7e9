-- One row per compared child x complete snapshot in which it names a parent: all its parents, as names and as repositories.
with latest as (
    select snapshot_id from {{ ref('stg_hub__snapshots') }}
    where is_latest
),

snapshots as (
    select
        snapshot_id,
        snapshot_at
    from {{ ref('stg_hub__snapshots') }}
),

sightings as (
    select
        snapshot_id,
        version_key,
        identity_key
    from {{ ref('int_model_identities_linked') }}
),

compared as (
    select
        snapshot_id,
        identity_key,
        version_key
    from {{ ref('int_children_compared') }}
    union
    select
        previous_snapshot_id as snapshot_id,
        identity_key,
        previous_version_key as version_key
    from {{ ref('int_children_compared') }}
),

versions as (
    select
        version_key,
        claims_key,
        lower(model_id) as model_id_lower
    from {{ ref('stg_hub__versions') }}
),

children as (
    select
        compared.snapshot_id,
        compared.identity_key,
        versions.claims_key,
        repositories.repository as identity
    from compared
    inner join versions on compared.version_key = versions.version_key
    inner join {{ ref('stg_hub__repositories') }} as repositories on compared.identity_key = repositories.repository_key
),

claims as (
    select * from {{ ref('int_versions_with_claims') }}
),

named as (
    select distinct
        children.snapshot_id,
        children.identity_key,
        children.claims_key,
        children.identity,
        claims.named_id_lower,
        claims.parent_id_lower
    from children
    inner join claims on children.claims_key = claims.claims_key
    where claims.is_parent
),

names as (
    select distinct
        snapshot_id,
        named_id_lower,
        parent_id_lower
    from named
),

distinct_names as (
    select distinct named_id_lower from names
),

borne as (
    select
        versions.version_key,
        names.named_id_lower
    from versions
    inner join distinct_names as names on versions.model_id_lower = names.named_id_lower
),

bearers as (
    select
        snapshots.snapshot_id,
        snapshots.snapshot_at,
        borne.named_id_lower,
        repositories.repository as identity
    from sightings
    inner join borne on sightings.version_key = borne.version_key
    inner join snapshots on sightings.snapshot_id = snapshots.snapshot_id
    inner join {{ ref('stg_hub__repositories') }} as repositories on sightings.identity_key = repositories.repository_key
),

last_bearers as (
    select
        named_id_lower,
        identity
    from bearers
    qualify row_number() over (
        partition by named_id_lower
        order by snapshot_at desc nulls last, snapshot_id desc nulls last
    ) = 1
),

-- A child keeps meaning the repository that had the name when the child was first seen using it, even if another one
-- has taken the name since.
names_of_several as (
    select named_id_lower
    from bearers
    group by named_id_lower
    having count(distinct identity) > 1
),

naming as (
    select distinct
        versions.version_key,
        claims.named_id_lower
    from claims
    inner join names_of_several on claims.named_id_lower = names_of_several.named_id_lower
    inner join versions on claims.claims_key = versions.claims_key
    where claims.is_parent
),

first_meant as (
    select
        children.identity_key,
        naming.named_id_lower,
        bearers.identity as parent_identity
    from sightings as children
    inner join naming on children.version_key = naming.version_key
    inner join bearers on children.snapshot_id = bearers.snapshot_id and naming.named_id_lower = bearers.named_id_lower
    qualify row_number() over (
        partition by children.identity_key, naming.named_id_lower
        order by bearers.snapshot_at nulls last, bearers.snapshot_id nulls last
    ) = 1
),

-- If the Hub itself says that the child means the holder of that time, that settles it.
claimed_oids as (
    select distinct
        claims_key,
        claimed_oid
    from claims
    where claimed_oid is not null
),

listed as (
    select
        models.model_key,
        models.model_id_lower,
        identified.identity_key,
        repositories.repository as identity
    from {{ ref('int_models_listed') }} as models
    inner join {{ ref('int_listed_models_identified') }} as identified on models.model_key = identified.model_key
    inner join {{ ref('stg_hub__repositories') }} as repositories on identified.identity_key = repositories.repository_key
),

used_again as (
    select
        children.identity_key,
        used_again.parent_id_lower as named_id_lower,
        bearers.identity as parent_identity
    from {{ ref('int_names_used_again') }} as used_again
    inner join listed as children on used_again.child_key = children.model_key
    inner join listed as bearers on used_again.earlier_key = bearers.model_key
),

-- A name means the repository that had it in that snapshot. A name that none had then means what it
-- means today, so that a parent's rename is not a change of the child's lineage; and a name that none has
-- today means its last holder, so that a parent's deletion is not one either.
meant as (
    select
        names.*,
        then_listed.identity as then_identity,
        coalesce(
            then_listed.identity, now_listed.identity, last_listed.identity, names.parent_id_lower
        ) as parent_identity,
        coalesce(then_listed.named_id_lower, names.parent_id_lower) as parent_id
    from names
    left join bearers as then_listed
        on names.snapshot_id = then_listed.snapshot_id and names.named_id_lower = then_listed.named_id_lower
    left join listed as now_listed on names.parent_id_lower = now_listed.model_id_lower
    left join last_bearers as last_listed on names.named_id_lower = last_listed.named_id_lower
),

meant_by_child as (
    select
        named.snapshot_id,
        named.identity_key,
        named.identity as child_identity,
        case
            when claimed_oids.claimed_oid is not null then meant.parent_identity
            when named.snapshot_id = latest.snapshot_id then coalesce(used_again.parent_identity, meant.parent_identity)
            else coalesce(used_again.parent_identity, first_meant.parent_identity, meant.parent_identity)
        end as parent_identity,
        meant.parent_id
    from named
    cross join latest
    inner join meant
        on
            named.snapshot_id = meant.snapshot_id
            and named.named_id_lower = meant.named_id_lower
            and named.parent_id_lower = meant.parent_id_lower
    left join first_meant
        on named.identity_key = first_meant.identity_key and named.named_id_lower = first_meant.named_id_lower
    left join used_again
        on named.identity_key = used_again.identity_key and named.named_id_lower = used_again.named_id_lower
    left join claimed_oids
        on named.claims_key = claimed_oids.claims_key and meant.then_identity = claimed_oids.claimed_oid
),

-- Two names of one repository are one parent.
distinct_parents as (
    select
        snapshot_id,
        identity_key,
        parent_identity,
        min(parent_id) as parent_id
    from meant_by_child
    where parent_identity != child_identity
    group by snapshot_id, identity_key, parent_identity
)

select
    snapshot_id,
    identity_key,
    {{ joined_in_order('parent_id', ', ') }} as parent_ids,
    {{ joined_in_order('parent_identity', ', ') }} as parent_identities
from distinct_parents
group by snapshot_id, identity_key

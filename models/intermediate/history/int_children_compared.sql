-- One row per pair of consecutive snapshots x identity in both whose parents may differ.
-- A child's parents change when it names others, or when other repositories take the names.
with turns as (
    select * from {{ ref('int_turns_identified') }}
),

versions as (
    select
        version_key,
        repository_key,
        claims_key,
        lower(model_id) as model_id_lower
    from {{ ref('stg_hub__versions') }}
),

claims as (
    select * from {{ ref('int_versions_with_claims') }}
),

said as (
    select
        claims_key,
        bit_xor({{ digest_of(['evidence', 'claimed_parent', 'claimed_oid']) }}) as said
    from claims
    group by claims_key
),

names_turned as (
    select
        turns.snapshot_id,
        turns.previous_snapshot_id,
        later.model_id_lower as later_name,
        earlier.model_id_lower as earlier_name
    from turns
    left join versions as later on turns.version_key = later.version_key
    left join versions as earlier on turns.previous_version_key = earlier.version_key
    where later.model_id_lower is distinct from earlier.model_id_lower
),

-- In the latest snapshot a name means its present holder; in earlier ones it may also mean a previous one.
named as (
    select distinct named_id_lower from claims
    where is_parent
),

names_of_several as (
    select versions.model_id_lower
    from versions
    inner join named on versions.model_id_lower = named.named_id_lower
    group by versions.model_id_lower
    having count(distinct versions.repository_key) > 1
),

names as (
    select
        snapshot_id,
        previous_snapshot_id,
        later_name as name
    from names_turned
    union
    select
        snapshot_id,
        previous_snapshot_id,
        earlier_name as name
    from names_turned
    union
    select
        snapshots.snapshot_id,
        snapshots.previous_snapshot_id,
        names_of_several.model_id_lower as name
    from names_of_several
    cross join {{ ref('stg_hub__snapshots') }} as snapshots
    where snapshots.is_latest and snapshots.previous_snapshot_id is not null
),

naming as (
    select distinct
        names.snapshot_id,
        names.previous_snapshot_id,
        claims.claims_key
    from names
    inner join claims on names.name = claims.named_id_lower
    where claims.is_parent
),

-- A repository with the same metadata in both has no turn.
naming_in_both as (
    select
        naming.snapshot_id,
        naming.previous_snapshot_id,
        children.identity_key,
        versions.version_key as previous_version_key,
        versions.version_key
    from naming
    inner join versions on naming.claims_key = versions.claims_key
    inner join {{ ref('int_model_identities_linked') }} as children
        on naming.snapshot_id = children.snapshot_id and versions.version_key = children.version_key
    left join turns on naming.snapshot_id = turns.snapshot_id and children.identity_key = turns.identity_key
    where turns.identity_key is null
)

select
    turns.snapshot_id,
    turns.previous_snapshot_id,
    turns.identity_key,
    turns.previous_version_key,
    turns.version_key
from turns
inner join versions as later on turns.version_key = later.version_key
inner join versions as earlier on turns.previous_version_key = earlier.version_key
left join said on later.claims_key = said.claims_key
left join said as previous on earlier.claims_key = previous.claims_key
left join naming on turns.snapshot_id = naming.snapshot_id and later.claims_key = naming.claims_key
where said.said is distinct from previous.said or naming.claims_key is not null
union
select
    snapshot_id,
    previous_snapshot_id,
    identity_key,
    previous_version_key,
    version_key
from naming_in_both

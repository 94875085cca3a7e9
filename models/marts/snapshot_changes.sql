-- One row per Hub model x pair of consecutive snapshots x kind of change.
with versions as (
    select
        version_key,
        model_id,
        lower(model_id) as model_id_lower,
        hub_oid,
        created_at
    from {{ ref('stg_hub__versions') }}
),

turns as (
    select * from {{ ref('int_turns_identified') }}
),

parents as (
    select * from {{ ref('int_parents_listed_by_snapshot') }}
),

stayed as (
    select
        turns.previous_snapshot_id,
        turns.snapshot_id,
        later.model_id,
        earlier.model_id as previous_model_id,
        later.hub_oid is null or earlier.hub_oid is null as is_linked_by_name,
        later.created_at,
        earlier.created_at as previous_created_at
    from turns
    inner join versions as later on turns.version_key = later.version_key
    inner join versions as earlier on turns.previous_version_key = earlier.version_key
    where later.model_id != earlier.model_id or later.created_at != earlier.created_at
),

rebuilt as (
    select
        children.previous_snapshot_id,
        children.snapshot_id,
        versions.model_id,
        previous.parent_ids as previous_parent_ids,
        parents.parent_ids
    from {{ ref('int_children_compared') }} as children
    inner join versions on children.version_key = versions.version_key
    left join parents
        on children.snapshot_id = parents.snapshot_id and children.identity_key = parents.identity_key
    left join parents as previous
        on children.previous_snapshot_id = previous.snapshot_id and children.identity_key = previous.identity_key
    -- Another repository under the same name is a recreation, and is reported as one.
    where
        coalesce(parents.parent_identities, '') != coalesce(previous.parent_identities, '')
        and coalesce(parents.parent_ids, '') != coalesce(previous.parent_ids, '')
),

came as (
    select
        turns.previous_snapshot_id,
        turns.snapshot_id,
        versions.model_id,
        versions.model_id_lower,
        versions.hub_oid,
        versions.created_at
    from turns
    inner join versions on turns.version_key = versions.version_key
    where turns.previous_version_key is null
),

went as (
    select
        turns.previous_snapshot_id,
        turns.snapshot_id,
        versions.model_id,
        versions.model_id_lower,
        versions.hub_oid,
        versions.created_at
    from turns
    inner join versions on turns.previous_version_key = versions.version_key
    where turns.version_key is null
),

-- The same name, another repository: deleted and recreated between the snapshots.
remade as (
    select
        came.previous_snapshot_id,
        came.snapshot_id,
        came.model_id,
        came.model_id_lower,
        coalesce(cast(went.created_at as string), went.hub_oid) as before,
        coalesce(cast(came.created_at as string), came.hub_oid) as after
    from came
    inner join went
        on
            came.snapshot_id = went.snapshot_id
            and came.previous_snapshot_id = went.previous_snapshot_id
            and came.model_id_lower = went.model_id_lower
),

changes as (
    select
        previous_snapshot_id,
        snapshot_id,
        model_id,
        'recreated' as change,
        before,
        after
    from remade
    union all
    -- Without the Hub's id only a new creation time shows it.
    select
        previous_snapshot_id,
        snapshot_id,
        model_id,
        'recreated' as change,
        cast(previous_created_at as string) as before,
        cast(created_at as string) as after
    from stayed
    where is_linked_by_name and created_at != previous_created_at
    union all
    select
        came.previous_snapshot_id,
        came.snapshot_id,
        came.model_id,
        'added' as change,
        null as before,
        came.model_id as after
    from came
    left join remade on came.snapshot_id = remade.snapshot_id and came.model_id_lower = remade.model_id_lower
    where remade.model_id is null
    union all
    select
        went.previous_snapshot_id,
        went.snapshot_id,
        went.model_id,
        'removed' as change,
        went.model_id as before,
        null as after
    from went
    left join remade on went.snapshot_id = remade.snapshot_id and went.model_id_lower = remade.model_id_lower
    where remade.model_id is null
    union all
    select
        previous_snapshot_id,
        snapshot_id,
        model_id,
        'renamed' as change,
        previous_model_id as before,
        model_id as after
    from stayed
    where model_id != previous_model_id
    union all
    select
        previous_snapshot_id,
        snapshot_id,
        model_id,
        'lineage_changed' as change,
        previous_parent_ids as before,
        parent_ids as after
    from rebuilt
)

select
    previous_snapshot_id,
    snapshot_id,
    model_id,
    change,
    before,
    after
from changes

-- One row per Hub model x pair of consecutive snapshots x kind of change.
with models as (
    select * from {{ ref('int_model_identities_linked') }}
),

parents as (
    select * from {{ ref('int_parents_listed_by_snapshot') }}
),

pairs as (
    select
        snapshot_id,
        previous_snapshot_id
    from {{ ref('stg_hub__snapshots') }}
    where previous_snapshot_id is not null
),

stayed as (
    select
        pairs.previous_snapshot_id,
        pairs.snapshot_id,
        models.model_id,
        previous.model_id as previous_model_id,
        models.hub_oid is null or previous.hub_oid is null as is_linked_by_name,
        models.created_at,
        previous.created_at as previous_created_at,
        parents.parent_ids,
        previous_parents.parent_ids as previous_parent_ids,
        coalesce(parents.parent_identities, '') != coalesce(previous_parents.parent_identities, '') as is_lineage_changed
    from pairs
    inner join models on pairs.snapshot_id = models.snapshot_id
    inner join models as previous
        on pairs.previous_snapshot_id = previous.snapshot_id and models.identity = previous.identity
    left join parents
        on models.snapshot_id = parents.snapshot_id and models.model_key = parents.child_key
    left join parents as previous_parents
        on
            previous.snapshot_id = previous_parents.snapshot_id
            and previous.model_key = previous_parents.child_key
),

came as (
    select
        pairs.previous_snapshot_id,
        pairs.snapshot_id,
        models.model_id,
        models.model_id_lower,
        models.hub_oid,
        models.created_at
    from pairs
    inner join models on pairs.snapshot_id = models.snapshot_id
    left join models as previous
        on pairs.previous_snapshot_id = previous.snapshot_id and models.identity = previous.identity
    where previous.identity is null
),

went as (
    select
        pairs.previous_snapshot_id,
        pairs.snapshot_id,
        previous.model_id,
        previous.model_id_lower,
        previous.hub_oid,
        previous.created_at
    from pairs
    inner join models as previous on pairs.previous_snapshot_id = previous.snapshot_id
    left join models on pairs.snapshot_id = models.snapshot_id and previous.identity = models.identity
    where models.identity is null
),

-- The same name for another repository: deleted and made again between the snapshots.
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
    -- Without the Hub's own id only a new creation time tells.
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
    from stayed
    where is_lineage_changed
)

select
    previous_snapshot_id,
    snapshot_id,
    model_id,
    change,
    before,
    after
from changes

-- Models of a snapshot = models of the one before + added - removed.
with models as (
    select
        snapshot_id,
        n_models
    from {{ ref('stg_hub__readings') }}
),

changes as (
    select
        snapshot_id,
        count(*) filter (where change = 'added') as n_added,
        count(*) filter (where change = 'removed') as n_removed
    from {{ ref('snapshot_changes') }}
    group by snapshot_id
)

select
    snapshots.snapshot_id,
    models.n_models,
    previous.n_models as n_models_before,
    changes.n_added,
    changes.n_removed
from {{ ref('stg_hub__snapshots') }} as snapshots
inner join models on snapshots.snapshot_id = models.snapshot_id
inner join models as previous on snapshots.previous_snapshot_id = previous.snapshot_id
left join changes on snapshots.snapshot_id = changes.snapshot_id
where models.n_models != previous.n_models + coalesce(changes.n_added, 0) - coalesce(changes.n_removed, 0)

-- No snapshot, the latest above all, holds fewer items than its manifest promises, or none.
with models as (
    select
        snapshot_id,
        n_models
    from {{ ref('stg_hub__readings') }}
),

rejections as (
    select
        snapshot_id,
        count(*) as n_rejections
    from {{ ref('stg_hub__item_rejections') }}
    group by snapshot_id
)

select
    snapshots.snapshot_id,
    snapshots.n_promised_items,
    models.n_models,
    rejections.n_rejections
from {{ ref('stg_hub__snapshots') }} as snapshots
left join models on snapshots.snapshot_id = models.snapshot_id
left join rejections on snapshots.snapshot_id = rejections.snapshot_id
where
    coalesce(models.n_models, 0) + coalesce(rejections.n_rejections, 0)
    < greatest(coalesce(snapshots.n_promised_items, 1), 1)

-- Nothing disappears between the landing and the models, in any snapshot.
with rejections as (
    select
        snapshot_id,
        count(*) as n_rejections
    from {{ ref('landing_rejections') }}
    group by snapshot_id
)

select
    snapshots.snapshot_id,
    snapshots.n_landed_items,
    readings.n_models,
    rejections.n_rejections
from {{ ref('stg_hub__snapshots') }} as snapshots
left join {{ ref('stg_hub__readings') }} as readings on snapshots.snapshot_id = readings.snapshot_id
left join rejections on snapshots.snapshot_id = rejections.snapshot_id
where snapshots.n_landed_items != coalesce(readings.n_models, 0) + coalesce(rejections.n_rejections, 0)

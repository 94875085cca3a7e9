-- No snapshot, the latest above all, holds fewer items than its manifest promises, or none.
with items as (
    select
        snapshot_id,
        count(*) as n_items
    from {{ ref('stg_hub__items') }}
    group by snapshot_id
)

select
    snapshots.snapshot_id,
    snapshots.n_promised_items,
    items.n_items
from {{ ref('stg_hub__snapshots') }} as snapshots
left join items on snapshots.snapshot_id = items.snapshot_id
where coalesce(items.n_items, 0) < greatest(coalesce(snapshots.n_promised_items, 1), 1)

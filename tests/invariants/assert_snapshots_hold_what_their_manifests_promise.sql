-- No snapshot has fewer items than its manifest promises, or none at all.
select
    snapshot_id,
    n_promised_items,
    n_landed_items
from {{ ref('stg_hub__snapshots') }}
where n_landed_items < greatest(coalesce(n_promised_items, 1), 1)

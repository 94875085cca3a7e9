-- One row per landed item of a complete snapshot that is not used.
select
    snapshot_id,
    part_number,
    part_row,
    page_number,
    item_number,
    model_id,
    hub_oid,
    rejection_reason as reason
from {{ ref('stg_hub__item_rejections') }}

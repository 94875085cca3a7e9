-- Nothing disappears between the landing and the models, in any snapshot.
with items as (
    select
        snapshot_id,
        count(*) as n_items
    from {{ source('landing', 'hub_models') }}
    where snapshot_id in (select snapshots.snapshot_id from {{ ref('stg_hub__snapshots') }} as snapshots)
    group by snapshot_id
),

models as (
    select
        snapshot_id,
        n_models
    from {{ ref('stg_hub__readings') }}
),

rejections as (
    select
        snapshot_id,
        count(*) as n_rejections
    from {{ ref('landing_rejections') }}
    group by snapshot_id
)

select
    items.snapshot_id,
    items.n_items,
    models.n_models,
    rejections.n_rejections
from items
left join models on items.snapshot_id = models.snapshot_id
left join rejections on items.snapshot_id = rejections.snapshot_id
where items.n_items != coalesce(models.n_models, 0) + coalesce(rejections.n_rejections, 0)

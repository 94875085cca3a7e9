-- One row per Hub model x complete snapshot, with one identity over all snapshots.
-- The Hub's immutable id follows a repository through its renames. A source that has none is linked
-- by name, to that id where the name only ever belonged to one.
-- A view: where the Hub's id is known there is nothing to find out. A window over all 2,556,240 models
-- and a table of them took 9.8 s of CPU; this, and int_models_linked_by_name before it, takes 0.4.
{{ config(materialized='table' if target.name in ('spark', 'spark_connect', 'lake') else 'view') }}
with models as (
    select * from {{ ref('stg_hub__models') }}
),

linked as (
    select
        snapshot_id,
        model_key,
        linked_identity
    from {{ ref('int_models_linked_by_name') }}
)

select
    models.snapshot_id,
    snapshots.previous_snapshot_id,
    snapshots.snapshot_at,
    coalesce(models.hub_oid, linked.linked_identity) as identity,
    models.model_key,
    models.model_id,
    models.model_id_lower,
    models.hub_oid,
    models.downloads,
    models.downloads_all_time,
    models.likes,
    models.trending_score,
    models.created_at
from models
left join linked on models.snapshot_id = linked.snapshot_id and models.model_key = linked.model_key
inner join {{ ref('stg_hub__snapshots') }} as snapshots on models.snapshot_id = snapshots.snapshot_id

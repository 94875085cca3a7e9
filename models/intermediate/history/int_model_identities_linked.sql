-- One row per Hub model x complete snapshot, with one identity over all snapshots.
-- The Hub's immutable id follows a repository through its renames. A source that has none is linked
-- by name, to that id where the name only ever belonged to one.
with models as (
    select * from {{ ref('stg_hub__models') }}
),

named_once as (
    select
        model_id_lower,
        min(hub_oid) as hub_oid
    from models
    where hub_oid is not null
    group by model_id_lower
    having count(distinct hub_oid) = 1
),

linked as (
    select
        models.*,
        coalesce(models.hub_oid, named_once.hub_oid, models.model_id_lower) as linked_identity,
        row_number() over (
            partition by models.snapshot_id, coalesce(models.hub_oid, named_once.hub_oid, models.model_id_lower)
            order by models.hub_oid nulls last, models.model_id_lower
        ) as linked_row
    from models
    left join named_once on models.model_id_lower = named_once.model_id_lower
)

select
    linked.snapshot_id,
    snapshots.previous_snapshot_id,
    snapshots.snapshot_at,
    -- Two names of one repository in one snapshot are two models there.
    case when linked.linked_row = 1 then linked.linked_identity else linked.model_id_lower end as identity,
    linked.model_id,
    linked.model_id_lower,
    linked.hub_oid,
    linked.downloads,
    linked.downloads_all_time,
    linked.likes,
    linked.trending_score,
    linked.created_at
from linked
inner join {{ ref('stg_hub__snapshots') }} as snapshots on linked.snapshot_id = snapshots.snapshot_id

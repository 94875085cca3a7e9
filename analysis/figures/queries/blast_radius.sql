-- What is below models that were deleted or relicensed between two snapshots? The twelve with the most models below them, as in the
-- question of this name.
with events as (
    select
        lower(model_id) as model_id_lower,
        'deleted' as event
    from snapshot_changes
    where change = 'removed'
    union
    select
        lower(model_id) as model_id_lower,
        'relicensed' as event
    from relicensed_models
),

bases as (
    select
        parent_id,
        count(*) as n_children
    from lineage_edges
    group by parent_id
),

-- A deleted model has no parents any more, so its descendants are its family.
placed as (
    select
        events.event,
        bases.parent_id as model_id,
        bases.n_children,
        coalesce(models.n_descendants, families.n_models) as n_descendants,
        count(*) over () as n_models
    from events
    inner join bases on events.model_id_lower = lower(bases.parent_id)
    left join hub_models as models on bases.parent_id = models.model_id
    left join families on bases.parent_id = families.root_id
    where events.event = 'relicensed' or models.model_id is null
)

select
    event,
    model_id,
    n_children,
    n_descendants,
    n_models,
    (select max(snapshot_id) from disruption_panel) as snapshot_id
from placed
qualify row_number() over (order by n_descendants desc, event asc, model_id asc) <= 12
order by n_descendants desc, event asc, model_id asc

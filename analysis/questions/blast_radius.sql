-- What is below a model that was deleted or relicensed: how many models, of how many owners, how deep?
-- Deleted: gone between two snapshots, and still named as a parent by a model of the latest one.
with events as (
    select
        snapshot_id,
        model_id,
        'deleted' as event,
        cast(null as string) as license_before,
        cast(null as string) as license_after
    from {{ ref('snapshot_changes') }}
    where change = 'removed'
    union all
    select
        snapshot_id,
        model_id,
        'relicensed' as event,
        license_before,
        license_after
    from {{ ref('relicensed_models') }}
),

bases as (
    select
        edges.parent_id,
        count(*) as n_children,
        count(distinct children.owner) as n_child_owners,
        sum(children.downloads) as children_downloads,
        count(case when children.license is distinct from parents.license then 1 end) as n_children_of_other_licence
    from {{ ref('lineage_edges') }} as edges
    inner join {{ ref('hub_models') }} as children on edges.child_id = children.model_id
    left join {{ ref('hub_models') }} as parents on edges.parent_id = parents.model_id
    group by edges.parent_id
)

select
    events.event,
    bases.parent_id as model_id,
    events.snapshot_id,
    events.license_before,
    events.license_after,
    bases.n_children,
    bases.n_child_owners,
    -- A deleted model has no parents any more, so its descendants are its family.
    coalesce(models.n_descendants, families.n_models) as n_descendants,
    families.max_generation as generations_below,
    bases.children_downloads,
    case when events.event = 'relicensed' then bases.n_children_of_other_licence end as n_children_of_other_licence
from events
inner join bases on lower(events.model_id) = lower(bases.parent_id)
left join {{ ref('hub_models') }} as models on bases.parent_id = models.model_id
left join {{ ref('families') }} as families on bases.parent_id = families.root_id
where events.event = 'relicensed' or models.model_id is null
order by n_descendants desc, events.event asc, model_id asc, events.snapshot_id asc

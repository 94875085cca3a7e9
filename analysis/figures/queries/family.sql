-- noqa: disable=PRS
-- All descendants of the base named in the variable `base`, breadth first: each is reached once, by its
-- first parent of the generation before. `using key` lets a step see what is already reached; sqlfluff
-- cannot parse it.
create or replace temp table family as
with recursive walked(model_id, distance, via) using key (model_id) as (
    select
        getvariable('base') as model_id,
        0 as distance,
        cast(null as varchar) as via
    union
    select
        edges.child_id as model_id,
        min(walked.distance) + 1 as distance,
        min(edges.parent_id) as via
    from walked
    inner join lineage_edges as edges on edges.parent_id = walked.model_id
    left join recurring.walked as reached on reached.model_id = edges.child_id
    where reached.model_id is null
    group by edges.child_id
),

origin as (
    select
        coalesce(
            min(created_at) filter (walked.distance = 0 and not is_created_at_floor),
            min(created_at) filter (not is_created_at_floor)
        ) as started_at
    from walked
    inner join hub_models as models on models.model_id = walked.model_id
)

select
    walked.model_id,
    walked.distance,
    walked.via,
    -- The relation to the parent through which it was reached, which may not be its strongest edge.
    edges.relation,
    models.owner,
    models.created_at,
    case when not models.is_created_at_floor then date_diff('second', origin.started_at, models.created_at) / 604800 end
        as weeks,
    models.n_children,
    models.n_descendants,
    models.likes,
    models.downloads,
    focals.n_i,
    focals.n_j,
    focals.n_k,
    focals.mdi,
    focals.undefined_reason
from walked
cross join origin
left join lineage_edges as edges on edges.child_id = walked.model_id and edges.parent_id = walked.via
left join hub_models as models on models.model_id = walked.model_id
left join disruption as focals on focals.model_id = walked.model_id and focals.window_name = '90d';

-- One row per base x dated entrant: the release event it belongs to.
-- What one owner releases for one base on one day (say, twenty files of one conversion) is one event.
with entrants as (
    select
        edges.child_key,
        edges.parent_key,
        children.node_id_lower as child_id_lower,
        edges.child_released_us as released_us,
        coalesce(edges.child_owner, cast(edges.child_key as string)) as owner,
        cast(floor(edges.child_released_us / 86400000000) as bigint) as release_day
    from {{ ref('int_lineage_edges_resolved') }} as edges
    inner join {{ ref('int_lineage_nodes_numbered') }} as children on edges.child_key = children.node_key
    where edges.child_released_us is not null
),

events as (
    select
        parent_key,
        owner,
        release_day,
        min(released_us) as event_us,
        count(*) as n_in_release_event
    from entrants
    group by parent_key, owner, release_day
),

ranked as (
    select
        *,
        rank() over (partition by parent_key order by event_us nulls last) as release_event_rank,
        count(*) over (partition by parent_key) as n_release_events
    from events
)

select
    entrants.child_key,
    entrants.parent_key,
    ranked.release_event_rank,
    ranked.n_release_events,
    (ranked.release_event_rank - 1) / nullif(ranked.n_release_events - 1, 0) as release_event_percentile,
    ranked.n_in_release_event,
    row_number() over (
        partition by entrants.parent_key, entrants.owner, entrants.release_day
        order by entrants.released_us nulls last, entrants.child_id_lower
    ) = 1 as is_release_event_lead
from entrants
inner join ranked using (parent_key, owner, release_day)

-- One row per base x entrant: rivals in each window before, after and around its release.
-- Siblings are never joined to siblings: each race is sorted, and counts run from the start of the race to each instant.
-- The count inside a window is the difference of two of these.
with entrants as (
    select
        edges.child_key,
        edges.parent_key,
        edges.relation,
        -- An id without an owner shares its owner with no other id.
        coalesce(edges.child_owner, cast(edges.child_key as string)) as owner_or_self,
        edges.child_released_us as released_us,
        case when not edges.is_child_bulk_owner then edges.child_key end as not_bulk_child_key,
        case when events.is_release_event_lead then edges.child_key end as event_lead_key
    from {{ ref('int_lineage_edges_resolved') }} as edges
    left join {{ ref('int_release_events_ranked') }} as events
        on edges.child_key = events.child_key and edges.parent_key = events.parent_key
    where edges.child_released_us is not null
),

{{ counted_rivals() }}

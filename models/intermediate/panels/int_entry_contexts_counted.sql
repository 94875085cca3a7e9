-- One row per base x dated entrant: the context of its entry beyond the base's own race.
with entries as (
    select
        edges.child_key,
        edges.parent_key,
        edges.child_released_us as released_us,
        parents.owner_lower as base_owner,
        -- A child of several models of one owner counts as one derivative of that owner.
        row_number() over (
            partition by parents.owner_lower, edges.child_key
            order by edges.parent_key
        ) as entry_of_owner
    from {{ ref('int_lineage_edges_resolved') }} as edges
    inner join {{ ref('int_lineage_nodes_numbered') }} as parents on edges.parent_key = parents.node_key
    where edges.child_released_us is not null
),

-- The number of entries at all bases strictly before each end of each window. A frame
-- over all entries at once would run on a single thread.
moments as (
    select
        released_us as moment_us,
        1 as n_entries
    from entries
    union all
    select
        released_us - {{ days_in_microseconds(30) }} as moment_us,
        0 as n_entries
    from entries
),

distinct_moments as (
    select
        moment_us,
        sum(n_entries) as n_entries
    from moments
    group by moment_us
),

totals as (
    select
        moment_us,
        sum(n_entries) over (order by moment_us nulls last rows between unbounded preceding and current row) - n_entries
            as n_entries_before
    from distinct_moments
),

counted as (
    select
        child_key,
        parent_key,
        base_owner,
        released_us,
        count(case when entry_of_owner = 1 then child_key end) over (
            partition by base_owner
            order by released_us nulls last
            range between unbounded preceding and 1 preceding
        ) as n_base_owner_derivatives_before,
        {{ entrants_between(microseconds_before(30), '1 preceding') }} as n_entries_here_before_30d,
        max(released_us) over (partition by parent_key) as last_entrant_us
    from entries
)

select
    counted.child_key,
    counted.parent_key,
    case when counted.base_owner is not null then counted.n_base_owner_derivatives_before end
        as n_base_owner_derivatives_before,
    cast(until_entry.n_entries_before - until_window.n_entries_before as bigint) - counted.n_entries_here_before_30d
        as n_entries_elsewhere_before_30d,
    counted.last_entrant_us
from counted
inner join totals as until_entry on counted.released_us = until_entry.moment_us
inner join totals as until_window on counted.released_us - {{ days_in_microseconds(30) }} = until_window.moment_us

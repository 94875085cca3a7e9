-- One row per base x dated entrant: what its entry meets beyond the base's own race.
with entries as (
    select
        edges.child_key,
        edges.parent_key,
        edges.child_released_us as released_us,
        parents.owner_lower as base_owner,
        -- What takes from several models of one owner is one derivative of that owner.
        row_number() over (
            partition by parents.owner_lower, edges.child_key
            order by edges.parent_key
        ) as entry_of_owner
    from {{ ref('int_lineage_edges_resolved') }} as edges
    inner join {{ ref('int_lineage_nodes_numbered') }} as parents on edges.parent_key = parents.node_key
    where edges.child_released_us is not null
),

counted as (
    select
        child_key,
        parent_key,
        base_owner,
        count(case when entry_of_owner = 1 then child_key end) over (
            partition by base_owner
            order by released_us nulls last
            range between unbounded preceding and 1 preceding
        ) as n_base_owner_derivatives_before,
        count(*) over (
            order by released_us nulls last
            range between {{ microseconds_before(30) }} and 1 preceding
        ) as n_entries_before_30d,
        {{ entrants_between(microseconds_before(30), '1 preceding') }} as n_entries_here_before_30d,
        max(released_us) over (partition by parent_key) as last_entrant_us
    from entries
)

select
    child_key,
    parent_key,
    case when base_owner is not null then n_base_owner_derivatives_before end as n_base_owner_derivatives_before,
    n_entries_before_30d - n_entries_here_before_30d as n_entries_elsewhere_before_30d,
    last_entrant_us
from counted

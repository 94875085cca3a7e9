-- Drift compares every edge to a listed parent in each trait; the relations add up to `all`, and no more edges
-- change than have the trait at both ends.
with drift as (
    select
        trait,
        sum(case when relation = 'all' then n_edges else 0 end) as n_all,
        sum(case when relation != 'all' then n_edges else 0 end) as n_by_relation,
        sum(case when relation = 'all' then n_changed else 0 end) as n_all_changed,
        sum(case when relation != 'all' then n_changed else 0 end) as n_changed_by_relation,
        bool_and(n_changed <= n_both and n_both + n_lost + n_gained <= n_edges) as is_sound
    from {{ ref('trait_drift') }}
    group by trait
),

edges as (
    select count(*) as n_edges
    from {{ ref('lineage_edges') }}
    where is_parent_listed
)

select drift.trait
from drift
cross join edges
where
    drift.n_all != edges.n_edges
    or drift.n_all != drift.n_by_relation
    or drift.n_all_changed != drift.n_changed_by_relation
    or not drift.is_sound

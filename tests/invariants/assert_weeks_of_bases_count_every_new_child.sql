-- The weeks of bases count each dated edge once, by relation and in all, and their shares of a complete week
-- add up to one.
with weeks as (
    select
        week,
        sum(n_new_children) as n_new_children,
        sum(n_finetune + n_adapter + n_quantized + n_merge + n_unknown) as n_by_relation,
        max(n_new_edges) as n_new_edges,
        sum(share_of_new_edges) as all_shares
    from {{ ref('base_weeks') }}
    group by week
),

edges as (
    select
        cast(date_trunc('week', child_created_at) as date) as week,
        count(*) as n_new_children
    from {{ ref('lineage_edges') }}
    where child_created_at >= timestamp '{{ var("creation_floor") }}'
    group by cast(date_trunc('week', child_created_at) as date)
),

latest as (
    select max(snapshot_at) as snapshot_at from {{ ref('stg_hub__snapshots') }}
)

select
    weeks.week,
    weeks.n_new_children
from weeks
full outer join edges on weeks.week = edges.week
cross join latest
where
    -- A listing goes on while models are created: what is younger than its snapshot may stand beyond the last week.
    coalesce(edges.week, weeks.week) <= cast(latest.snapshot_at as date)
    and (
        coalesce(weeks.n_new_children, 0) != coalesce(edges.n_new_children, 0)
        or weeks.n_new_children != weeks.n_by_relation
        or weeks.n_new_children != weeks.n_new_edges
        or abs(weeks.all_shares - 1) > 1e-9
    )

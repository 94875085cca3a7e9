-- Lorenz curve of edges over bases: the smallest bases first, one point per number of children.
with bases as (
    select
        parent_id,
        count(*) as n_children
    from lineage_edges
    group by parent_id
),

degrees as (
    select
        n_children,
        count(*) as n_bases,
        count(*) * n_children as n_edges
    from bases
    group by n_children
),

cumulated as (
    select
        n_children,
        n_bases,
        cast(sum(n_bases) over by_degree as bigint) as n_bases_to,
        cast(sum(n_edges) over by_degree as bigint) as n_edges_to,
        cast(sum(n_bases) over () as bigint) as n_bases_all,
        cast(sum(n_edges) over () as bigint) as n_edges_all
    from degrees
    window by_degree as (order by n_children rows between unbounded preceding and current row)
)

select
    n_children,
    n_bases,
    n_bases_to,
    n_edges_to,
    n_bases_all,
    n_edges_all,
    n_bases_to / n_bases_all as share_of_bases,
    n_edges_to / n_edges_all as share_of_edges,
    (select max(snapshot_id) from disruption_panel) as snapshot_id
from cumulated
order by n_children

-- One row per Hub model with an edge on either side x window: the counts behind the disruption indices.
with windows as (
    select
        window_name,
        window_days
    from {{ ref('disruption_windows') }}
),

focals as (
    select
        positions.node_key as focal_key,
        positions.n_parents,
        positions.n_children
    from {{ ref('int_lineage_positions_summed') }} as positions
    inner join {{ ref('int_lineage_nodes_numbered') }} as nodes on positions.node_key = nodes.node_key
    where nodes.is_listed
)

select
    focals.focal_key,
    windows.window_name,
    windows.window_days,
    focals.n_parents,
    -- Takers are those of the focal alone and those of the focal and its parents; followers of its
    -- parents are the latter and those of the parents alone.
    coalesce(takers.n_takers, 0) - coalesce(shared_takers.n_j, 0) as n_i,
    coalesce(shared_takers.n_j, 0) as n_j,
    coalesce(followers.n_followers, 0) - coalesce(shared_takers.n_j, 0) as n_k,
    coalesce(shared_takers.n_j_l2, 0) as n_j_l2,
    coalesce(shared_takers.n_shared_parents, 0) as n_shared_parents
from focals
cross join windows
left join {{ ref('int_takers_counted') }} as takers using (focal_key, window_name)
left join {{ ref('int_shared_takers_counted') }} as shared_takers using (focal_key, window_name)
left join {{ ref('int_followers_counted') }} as followers using (focal_key, window_name)

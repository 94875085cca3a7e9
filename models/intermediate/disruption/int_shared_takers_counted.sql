-- One row per focal x window with such takers: takers that also build on parents of the focal.
-- Such a taker has at least two parents, so few edges take part.
with windows as (
    select
        window_name,
        {{ days_in_microseconds('window_days') }} as window_us
    from {{ ref('disruption_windows') }}
),

edges as (
    select * from {{ ref('int_lineage_edges_resolved') }}
),

merged_edges as (
    select * from edges
    where n_parents > 1
),

shared_takers as (
    select
        takes.parent_key as focal_key,
        takes.child_key as taker_key,
        takes.child_created_us - takes.parent_created_us as delay_us,
        count(*) as n_shared_parents
    from merged_edges as takes
    inner join merged_edges as takes_besides
        on
            takes.child_key = takes_besides.child_key
            and takes.parent_key != takes_besides.parent_key
    inner join edges as focal_edges
        on
            takes.parent_key = focal_edges.child_key
            and takes_besides.parent_key = focal_edges.parent_key
    where takes.child_created_us > takes.parent_created_us
    group by takes.parent_key, takes.child_key, takes.child_created_us - takes.parent_created_us
)

select
    shared_takers.focal_key,
    windows.window_name,
    count(*) as n_j,
    count(*) filter (where shared_takers.n_shared_parents >= 2) as n_j_l2,
    cast(sum(shared_takers.n_shared_parents) as bigint) as n_shared_parents
from shared_takers
inner join windows on windows.window_us is null or shared_takers.delay_us <= windows.window_us
group by shared_takers.focal_key, windows.window_name

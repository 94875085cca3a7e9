-- Each edge is one row of release_races and of the panel, and one row of crowding per window.
with counts as (
    select
        (select count(*) from {{ ref('lineage_edges') }}) as n_edges,
        (select count(*) from {{ ref('release_races') }}) as n_race_rows,
        (select count(*) from {{ ref('recognition_panel') }}) as n_panel_rows,
        (select count(*) from {{ ref('crowding') }}) as n_crowding_rows,
        (select count(*) from {{ ref('crowding_windows') }}) as n_windows
)

select *
from counts
where
    n_edges != n_race_rows
    or n_edges != n_panel_rows
    or n_edges * n_windows != n_crowding_rows

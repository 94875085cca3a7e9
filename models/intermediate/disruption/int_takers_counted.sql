-- One row per focal x window with takers: later models that build on the focal inside the window.
with windows as (
    select
        window_name,
        {{ days_in_microseconds('window_days') }} as window_us
    from {{ ref('disruption_windows') }}
),

takers as (
    select
        parent_key as focal_key,
        child_created_us - parent_created_us as delay_us
    from {{ ref('int_lineage_edges_resolved') }}
    where child_created_us > parent_created_us
)

select
    takers.focal_key,
    windows.window_name,
    count(*) as n_takers
from takers
inner join windows on windows.window_us is null or takers.delay_us <= windows.window_us
group by takers.focal_key, windows.window_name

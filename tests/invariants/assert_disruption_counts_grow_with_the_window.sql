-- A longer window contains all later models of a shorter one; the window without end is the longest.
with windows as (
    select
        model_id,
        window_name,
        n_i + n_j as n_takers,
        n_j + n_k as n_followers,
        lag(n_i + n_j) over longer as shorter_takers,
        lag(n_j + n_k) over longer as shorter_followers
    from {{ ref('disruption') }}
    window longer as (partition by model_id order by window_days nulls last)
)

select *
from windows
where n_takers < shorter_takers or n_followers < shorter_followers

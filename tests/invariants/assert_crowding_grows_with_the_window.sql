-- Rivals of a shorter window are rivals of a longer one.
with windows as (
    select
        *,
        lag(n_rivals_before) over longer as shorter_before,
        lag(n_rivals_after) over longer as shorter_after,
        lag(n_rivals_around) over longer as shorter_around
    from {{ ref('crowding') }}
    window longer as (partition by parent_id, child_id order by window_days)
)

select *
from windows
where
    n_rivals_before < shorter_before
    or n_rivals_after < shorter_after
    or n_rivals_around < shorter_around

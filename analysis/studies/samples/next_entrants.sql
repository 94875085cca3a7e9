-- One row per base x entrant with a known date: how long until the base's next entrant.
-- Several entrants at one instant are one step; between steps of one owner alone there is no other entrant.
with instants as (
    select
        parent_id,
        created_at,
        case when min(owner) = max(owner) then min(owner) end as sole_owner
    from entrants
    where created_at is not null and release_rank is not null
    group by parent_id, created_at
),

steps as (
    select
        *,
        lead(created_at) over base as next_at,
        lead(sole_owner) over base as next_owner,
        coalesce(sole_owner != lag(sole_owner) over base, true) as is_new_run
    from instants
    window base as (partition by parent_id order by created_at)
),

-- A run is the steps of one owner in a row; the next step after a run has another owner.
numbered as (
    select
        *,
        sum(cast(is_new_run as integer)) over (partition by parent_id order by created_at) as run_number
    from steps
),

runs as (
    select
        parent_id,
        run_number,
        lead(min(created_at)) over (partition by parent_id order by run_number) as next_run_at
    from numbered
    group by parent_id, run_number
),

followed as (
    select
        numbered.parent_id,
        numbered.created_at,
        numbered.next_at,
        numbered.next_owner,
        -- if the next step is one of the same owner alone: the end of its run
        lead(runs.next_run_at) over (partition by numbered.parent_id order by numbered.created_at) as after_next_run_at
    from numbered
    inner join runs on numbered.parent_id = runs.parent_id and numbered.run_number = runs.run_number
),

gaps as (
    select
        entrants.*,
        entrants.age_days * 86400 as follow_up_seconds,
        epoch_us(followed.next_at) / 1e6 - epoch_us(entrants.created_at) / 1e6 as seconds_to_next,
        epoch_us(case when followed.next_owner = entrants.owner then followed.after_next_run_at else followed.next_at end) / 1e6
        - epoch_us(entrants.created_at) / 1e6 as seconds_to_other
    from entrants
    inner join followed on entrants.parent_id = followed.parent_id and entrants.created_at = followed.created_at
    where entrants.age_days > 0
)

select
    * exclude (follow_up_seconds, seconds_to_next, seconds_to_other),
    -- days begun from the entry until the next one or the snapshot
    ceil(case when seconds_to_next <= follow_up_seconds then seconds_to_next else follow_up_seconds end / 86400) as days_to_next,
    cast(coalesce(seconds_to_next <= follow_up_seconds, false) as integer) as is_followed,
    ceil(case when seconds_to_other <= follow_up_seconds then seconds_to_other else follow_up_seconds end / 86400) as days_to_other,
    cast(coalesce(seconds_to_other <= follow_up_seconds, false) as integer) as is_followed_by_other
from gaps

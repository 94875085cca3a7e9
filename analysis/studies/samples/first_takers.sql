-- One row per model with a declared parent and a known release: how long until another model is built on it.
-- Roots are left out: only those that were built on are known as roots.
with takers as (
    select
        parent_id as model_id,
        min(child_created_at) as taken_at,
        min(child_created_at) filter (where not is_same_owner) as taken_by_other_at
    from lineage_edges
    where child_created_at > parent_created_at
    group by parent_id
),

followed as (
    select
        focals.*,
        focals.follow_up_days * 86400 as follow_up_seconds,
        epoch_us(takers.taken_at) / 1e6 - epoch_us(focals.created_at) / 1e6 as seconds_to_taker,
        epoch_us(takers.taken_by_other_at) / 1e6 - epoch_us(focals.created_at) / 1e6 as seconds_to_other
    from focals
    left join takers on focals.model_id = takers.model_id
    where
        focals.follow_up_days > 0
        and coalesce(focals.sample_exclusion, '') not in ('no_declared_parent', 'creation_date_floor')
)

select
    * exclude (follow_up_seconds, seconds_to_taker, seconds_to_other),
    -- days begun from the release until the first taker or the snapshot
    ceil(case when seconds_to_taker <= follow_up_seconds then seconds_to_taker else follow_up_seconds end / 86400) as days_to_taker,
    cast(coalesce(seconds_to_taker <= follow_up_seconds, false) as integer) as is_taken,
    ceil(case when seconds_to_other <= follow_up_seconds then seconds_to_other else follow_up_seconds end / 86400) as days_to_other_taker,
    cast(coalesce(seconds_to_other <= follow_up_seconds, false) as integer) as is_taken_by_other
from followed

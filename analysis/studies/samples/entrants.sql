-- One row per base x entrant: the variables of Racing to Release, on top of the recognition panel.
-- Everything here is computed from one row of the panel, except the base's entries in the month and the bins of age.
-- These two are joined, since windows beside all columns would sort all of them, twice.
with entries as (
    select
        parent_id,
        date_trunc('month', created_at) as month_at,
        count(*) as n_entries_in_month
    from recognition_panel
    group by parent_id, date_trunc('month', created_at)
),

aged as (
    select
        parent_id,
        child_id,
        case when age_days_at_snapshot < 0 then 0 else age_days_at_snapshot end as age_days
    from recognition_panel
    where age_days_at_snapshot is not null
),

bins as (
    select
        parent_id,
        child_id,
        ntile(40) over (order by age_days, parent_id, child_id) as age_bin
    from aged
),

bounded as (
    select
        *,
        case when age_days_at_snapshot < 0 then 0 else age_days_at_snapshot end as age_days,
        case when parameter_count > 0 then ln(parameter_count) end as known_log_size,
        n_rivals_before_other_owner_events_30d as rivals_30,
        -- from just above -1 for the first of all entrants of the base to just below 1 for the last
        2 * (release_rank - 0.5) / n_ranked_entrants - 1 as place
    from recognition_panel
),

scored as (
    select
        *,
        ln(1 - place * place) as log_tail,
        2 / (pi() * 0.147) + ln(1 - place * place) / 2 as half
    from bounded
),

placed as (
    select
        scored.*,
        entries.n_entries_in_month,
        bins.age_bin
    from scored
    inner join entries
        on
            scored.parent_id = entries.parent_id
            and date_trunc('month', scored.created_at) is not distinct from entries.month_at
    left join bins on scored.parent_id = bins.parent_id and scored.child_id = bins.child_id
)

select
    snapshot_id,
    parent_id,
    child_id,
    coalesce(owner, child_id) as owner,
    coalesce(base_owner, parent_id) as base_owner,
    coalesce(root_id, parent_id) as root_id,
    relation,
    sample_exclusion,

    -- outcomes
    likes,
    downloads,
    downloads_all_time,
    likes_at_30d,
    likes_at_90d,
    downloads_all_time_at_30d,
    downloads_all_time_at_90d,
    ln(1 + likes) as log_likes,
    ln(1 + downloads) as log_downloads,
    cast(likes > 0 as integer) as has_likes,

    -- order
    release_event_rank,
    release_rank,
    ln(release_event_rank) as log_rank,
    ln(release_rank_same_relation) as log_rank_same_relation,
    cast(release_event_rank = 1 as integer) as is_first,
    case
        when release_event_rank <= 2 then cast(release_event_rank as varchar)
        when release_event_rank <= 5 then '3-5'
        when release_event_rank <= 10 then '6-10'
        when release_event_rank <= 20 then '11-20'
        when release_event_rank <= 50 then '21-50'
        when release_event_rank <= 100 then '51-100'
        when release_event_rank > 100 then '101+'
    end as rank_bin,
    release_percentile,
    -- The place in the race as a normal score, highest for the first (Winitzki's inverse of the error function, accurate to
    -- a hundredth): if better entrants come earlier, likes fall along it whatever the effect of order itself.
    -sign(place) * sqrt(2 * abs(sqrt(half * half - log_tail / 0.147) - half)) as earliness,
    release_lag_days as lag_days,
    ln(1 + case when release_lag_days < 0 then 0 else release_lag_days end) as log_lag,
    ln(1 + case when release_lag_days_exact < 0 then 0 else release_lag_days_exact end) as log_lag_exact,
    has_exact_date,

    -- crowding: other owners' release events in the days before; twenty files of one day are one event
    rivals_30 as crowd_30,
    ln(1 + n_rivals_before_other_owner_events_7d) as log_crowd_7,
    ln(1 + n_rivals_before_other_owner_events_14d) as log_crowd_14,
    ln(1 + rivals_30) as log_crowd_30,
    ln(1 + n_rivals_before_other_owner_events_90d) as log_crowd_90,
    -- the same counted in models
    ln(1 + n_rivals_before_other_owner_30d) as log_crowd_30_models,
    ln(1 + n_rivals_before_30d) as log_crowd_30_all_owners,
    ln(1 + n_rivals_before_30d - n_rivals_before_other_owner_30d) as log_crowd_30_same_owner,
    ln(1 + n_rivals_before_not_bulk_30d) as log_crowd_30_not_bulk,
    ln(1 + n_rivals_before_same_relation_other_owner_30d) as log_crowd_30_same_relation,
    ln(1 + n_rivals_before_other_owner_30d - n_rivals_before_same_relation_other_owner_30d)
        as log_crowd_30_other_relation,
    ln(1 + n_rivals_after_other_owner_7d) as log_lead_7,
    ln(1 + n_rivals_after_other_owner_14d) as log_lead_14,
    ln(1 + n_rivals_after_other_owner_30d) as log_lead_30,
    ln(1 + n_rivals_after_other_owner_90d) as log_lead_90,
    cast(n_rivals_after_other_owner_7d > 0 as integer) as is_raced_7,

    -- activity in the month: a wave of attention brings both entries and likes to a base
    ln(n_entries_in_month) as log_entries_in_month,

    -- exposure
    age_days,
    case when age_days > 0 then ln(age_days) end as log_age,
    cast(floor(age_days / 7) as integer) as age_week,
    age_bin,

    -- what the entrant is
    coalesce(known_log_size, 0) as log_size,
    cast(known_log_size is null as integer) as size_unknown,
    coalesce(pipeline_tag, 'none') as task,
    coalesce(library_name, 'none') as library,

    -- prominence known at entry
    ln(1 + n_owner_releases_at_entry) as log_owner_releases,
    ln(1 + n_base_owner_releases_at_base_release) as log_base_owner_releases,
    ln(1 + n_before) as log_base_children,
    -- elsewhere: models built on this base are its race, which rank and crowding measure
    ln(1 + n_owner_derivatives_at_entry - case when is_same_owner then n_before when not is_same_owner then 0 end)
        as log_owner_derivatives_elsewhere,
    ln(1 + n_base_owner_derivatives_at_entry - n_before) as log_base_owner_derivatives_elsewhere,
    ln(1 + n_entries_elsewhere_before_30d) as log_entries_elsewhere_30,
    -- the same from the snapshot before the entry; unknown where there is none
    ln(1 + owner_likes_at_entry) as log_owner_likes_at_entry,
    ln(1 + base_likes_at_entry) as log_base_likes_at_entry,
    ln(1 + base_downloads_at_entry) as log_base_downloads_at_entry,
    ln(1 + base_downloads_all_time_at_entry) as log_base_downloads_all_time_at_entry,

    -- prominence at the snapshot: after the treatment
    ln(1 + base_likes_at_snapshot) as log_base_likes_now,
    ln(1 + base_downloads_at_snapshot) as log_base_downloads_now,
    ln(1 + n_owner_models_at_snapshot) as log_owner_models_now,

    benchmark_score,
    base_benchmark_score,
    is_same_owner,
    is_bulk_owner,
    is_base_listed,
    is_release_event_lead,
    n_in_release_event,
    n_entrants,
    n_parents,

    -- calendar
    created_at,
    base_created_at,
    strftime(created_at, '%Y-%m') as month,
    strftime(created_at, '%G-W%V') as week,
    parent_id || ' ' || strftime(created_at, '%Y-%m') as base_month,
    parent_id || ' ' || strftime(created_at, '%G-W%V') as base_week
from placed

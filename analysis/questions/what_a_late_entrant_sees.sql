-- What does a late entrant meet, and what recognition follows? Main sample, by order of release event.
-- Not an effect: later entrants are younger at the snapshot, so their age is shown, too.
select
    case
        when release_event_rank = 1 then '1'
        when release_event_rank <= 5 then '2-5'
        when release_event_rank <= 20 then '6-20'
        when release_event_rank <= 100 then '21-100'
        else '101+'
    end as release_order,
    min(release_event_rank) as from_rank,
    count(*) as n_entrants,
    count(distinct parent_id) as n_bases,
    median(n_rivals_before_30d) as median_rivals_before_30d,
    round(median(release_lag_days), 1) as median_lag_days,
    round(median(age_days_at_snapshot), 1) as median_age_days,
    median(likes) as median_likes,
    round(count(*) filter (where likes > 0) / count(*), 4) as share_with_a_like,
    median(downloads) as median_downloads
from {{ ref('recognition_panel') }}
where sample_exclusion is null
group by release_order
order by from_rank

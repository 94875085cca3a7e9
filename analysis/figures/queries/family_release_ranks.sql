-- Are early entrants liked more? Mean ln(1 + likes) of the base's entrants by rank of release, in bins that double.
with ranked as (
    select
        panel.snapshot_id,
        panel.release_rank,
        ln(1 + panel.likes) as recognition,
        cast(floor(log2(panel.release_rank)) as integer) as bin,
        panel.age_days_at_snapshot < 90 as is_young
    from recognition_panel as panel
    where panel.parent_id = getvariable('base') and panel.release_rank is not null and panel.likes is not null
),

bins as (
    select
        bin,
        max(snapshot_id) as snapshot_id,
        count(*) as n,
        min(release_rank) as rank_from,
        max(release_rank) as rank_to,
        avg(recognition) as mean_recognition,
        stddev_samp(recognition) / sqrt(count(*)) as standard_error,
        count(*) filter (is_young) as n_young
    from ranked
    group by bin
)

select
    bin,
    rank_from,
    rank_to,
    n,
    n_young,
    mean_recognition,
    case when n >= 5 then mean_recognition - t_point(n - 1) * standard_error end as low,
    case when n >= 5 then mean_recognition + t_point(n - 1) * standard_error end as high,
    snapshot_id
from bins
order by bin

-- Are later entrants less recognised? Equal bins of release percentile, both sides net of base and month.
with placed as (
    select
        snapshot_id,
        outcome,
        parent_id,
        net_recognition + avg(recognition) over everything as recognition,
        net_percentile + avg(release_percentile) over everything as release_percentile,
        count(*) over everything as n_outcome,
        row_number() over (partition by outcome order by round(net_percentile, 9), parent_id, child_id) - 1 as place
    from within_base_and_month
    window everything as (partition by outcome)
),

-- Twenty bins, or fewer, so that each holds thirty entrants.
binned as (
    select
        *,
        place * case when n_outcome < 600 then n_outcome // 30 else 20 end // n_outcome as bin
    from placed
    where n_outcome >= 60
),

bases as (
    select
        outcome,
        n_outcome,
        bin,
        parent_id,
        max(snapshot_id) as snapshot_id,
        count(*) as n,
        sum(recognition) as total,
        sum(release_percentile) as percentile_total,
        sum(count(*)) over (partition by outcome, bin) as all_n,
        sum(sum(recognition)) over (partition by outcome, bin) as all_total
    from binned
    group by outcome, n_outcome, bin, parent_id
),

bins as (
    select
        outcome,
        n_outcome,
        bin,
        max(snapshot_id) as snapshot_id,
        cast(sum(n) as integer) as n,
        count(*) as n_clusters,
        sum(percentile_total) / sum(n) as release_percentile,
        sum(total) / sum(n) as mean,
        clustered_half_width(total, n, all_total, all_n) as half_width
    from bases
    group by outcome, n_outcome, bin
)

select
    outcome,
    bin,
    n,
    n_clusters,
    n_outcome,
    release_percentile,
    mean as mean_recognition,
    mean - half_width as low,
    mean + half_width as high,
    snapshot_id
from bins
order by outcome desc, bin asc

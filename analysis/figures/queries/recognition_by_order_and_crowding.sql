-- Do order and crowding go together? Likes net of base and month, by release percentile and rivals of 30 days.
with binned as (
    select
        snapshot_id,
        parent_id,
        net_recognition,
        case
            when release_percentile < 1 then cast(floor(5 * release_percentile) as integer)
            when release_percentile = 1 then 4
        end as percentile_bin,
        case
            when n_rivals = 0 then 0
            when n_rivals <= 3 then 1
            when n_rivals <= 10 then 4
            when n_rivals <= 30 then 11
            when n_rivals <= 100 then 31
            else 101
        end as rivals_at_least
    from within_base_and_month
    where outcome = 'likes' and n_rivals is not null
),

bases as (
    select
        percentile_bin,
        rivals_at_least,
        parent_id,
        max(snapshot_id) as snapshot_id,
        count(*) as n,
        sum(net_recognition) as total,
        sum(count(*)) over (partition by percentile_bin, rivals_at_least) as all_n,
        sum(sum(net_recognition)) over (partition by percentile_bin, rivals_at_least) as all_total
    from binned
    group by percentile_bin, rivals_at_least, parent_id
),

cells as (
    select
        percentile_bin,
        rivals_at_least,
        max(snapshot_id) as snapshot_id,
        cast(sum(n) as integer) as n,
        count(*) as n_clusters,
        sum(total) / sum(n) as mean,
        clustered_half_width(total, n, all_total, all_n) as half_width
    from bases
    group by percentile_bin, rivals_at_least
)

select
    percentile_bin,
    format('{:d}–{:d} %', 20 * percentile_bin, 20 * (percentile_bin + 1)) as release_percentile,
    rivals_at_least,
    case rivals_at_least
        when 0 then '0' when 1 then '1–3' when 4 then '4–10' when 11 then '11–30' when 31 then '31–100' else '101+'
    end as rivals,
    n,
    n_clusters,
    case when n >= 30 then mean end as mean_recognition,
    case when n >= 30 then mean - half_width end as low,
    case when n >= 30 then mean + half_width end as high,
    snapshot_id
from cells
order by rivals_at_least, percentile_bin

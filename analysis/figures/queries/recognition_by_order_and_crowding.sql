-- Do order and crowding go together? Likes net of base and month, by release percentile and rivals of 30 days.
with binned as (
    select
        snapshot_id,
        parent_id,
        net_recognition,
        least(4, cast(floor(5 * release_percentile) as integer)) as percentile_bin,
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
        sum(net_recognition) as total
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
        sum(n * n) as sum_nn,
        sum(n * total) as sum_nt,
        sum(total * total) as sum_tt
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
    case when n >= 30 then mean - clustered_half_width(mean, n, n_clusters, sum_nn, sum_nt, sum_tt) end as low,
    case when n >= 30 then mean + clustered_half_width(mean, n, n_clusters, sum_nn, sum_nt, sum_tt) end as high,
    snapshot_id
from cells
order by rivals_at_least, percentile_bin

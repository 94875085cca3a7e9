-- Does disruption depend on having children? Mean index by number of children, intervals clustered by family.
with defined as (
    select
        snapshot_id,
        coalesce(root_id, model_id) as root_id,
        mdi,
        case
            when n_children = 0 then 0
            when n_children <= 2 then n_children
            when n_children <= 5 then 3
            when n_children <= 10 then 6
            when n_children <= 20 then 11
            when n_children <= 50 then 21
            when n_children <= 100 then 51
            else 101
        end as at_least
    from disruption_panel
    where mdi is not null
),

families as (
    select
        at_least,
        root_id,
        max(snapshot_id) as snapshot_id,
        count(*) as n,
        sum(mdi) as total,
        sum(count(*)) over (partition by at_least) as all_n,
        sum(sum(mdi)) over (partition by at_least) as all_total
    from defined
    group by at_least, root_id
),

bins as (
    select
        at_least,
        max(snapshot_id) as snapshot_id,
        cast(sum(n) as integer) as n,
        count(*) as n_clusters,
        sum(total) / sum(n) as mean,
        clustered_half_width(total, n, all_total, all_n) as half_width
    from families
    group by at_least
)

select
    at_least,
    case at_least
        when 3 then '3–5' when 6 then '6–10' when 11 then '11–20' when 21 then '21–50' when 51 then '51–100' when 101 then '101+'
        else cast(at_least as varchar)
    end as children,
    n,
    n_clusters,
    case when n >= 10 and n_clusters >= 10 then mean end as mean_mdi,
    case when n >= 10 then mean - half_width end as low,
    case when n >= 10 then mean + half_width end as high,
    snapshot_id
from bins
order by at_least

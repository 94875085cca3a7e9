-- From which countries are the roots of a month's new derivatives? As far as landed tables of owners say; the three most frequent
-- countries, and what is not known. A family has one root, so that intervals are over families.
with derived as (
    select
        coalesce(root_owner_country, 'not known') as country,
        cast(date_trunc('month', created_at) as date) as month,
        root_id
    from hub_models
    where generation > 0 and created_at is not null and not is_created_at_floor
),

families as (
    select
        month,
        root_id,
        max(country) as country,
        count(*) as n
    from derived
    group by month, root_id
),

-- Without any table of owners there is nothing to show.
frequent as (
    select
        country,
        count(*) as n_derivatives
    from derived
    where country != 'not known'
    group by country
    order by n_derivatives desc, country asc
    limit 3
),

panels as (
    select
        country,
        n_derivatives
    from frequent
    union all
    select
        'not known' as country,
        0 as n_derivatives
    where exists (from frequent)
),

counted as (
    select
        panels.country,
        panels.n_derivatives,
        families.month,
        families.n,
        case when families.country = panels.country then families.n else 0 end as k,
        sum(families.n) over (partition by panels.country, families.month) as all_n,
        sum(case when families.country = panels.country then families.n else 0 end) over (
            partition by panels.country, families.month
        ) as all_k
    from families
    cross join panels
)

select
    country as panel,
    month,
    cast(sum(k) as bigint) as n_of_panel,
    cast(sum(n) as bigint) as n,
    count(*) as n_clusters,
    case when sum(n) >= 30 then sum(k) / sum(n) end as value,
    case when sum(n) >= 30 then clustered_low(k, n, all_k, all_n) end as low,
    case when sum(n) >= 30 then clustered_high(k, n, all_k, all_n) end as high,
    (select max(snapshot_id) from disruption_panel) as snapshot_id
from counted
group by country, n_derivatives, month
order by n_derivatives desc, country asc, month asc

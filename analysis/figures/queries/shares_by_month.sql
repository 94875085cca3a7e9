-- What share of a month's models is in each panel? From the views `panelled`, one row per model with its list of `panels`, and
-- `placed_panels`, one row per panel, which a prelude makes.
with families as (
    select
        month,
        root_id,
        count(*) as n
    from panelled
    group by month, root_id
),

members as (
    select
        month,
        root_id,
        unnest(panels) as panel
    from panelled
),

of_panels as (
    select
        panel,
        month,
        root_id,
        count(*) as k
    from members
    group by panel, month, root_id
),

-- Each family of a month with each panel, even where it has no model in it.
counted as (
    select
        placed.panel,
        placed.place,
        families.month,
        families.n,
        coalesce(of_panels.k, 0) as k,
        sum(families.n) over (partition by placed.panel, families.month) as all_n,
        sum(coalesce(of_panels.k, 0)) over (partition by placed.panel, families.month) as all_k
    from families
    cross join placed_panels as placed
    left join of_panels
        on placed.panel = of_panels.panel and families.month = of_panels.month and families.root_id = of_panels.root_id
)

select
    panel,
    month,
    cast(sum(k) as bigint) as n_of_panel,
    cast(sum(n) as bigint) as n,
    count(*) as n_clusters,
    case when sum(n) >= 30 then sum(k) / sum(n) end as value,
    case when sum(n) >= 30 then clustered_low(k, n, all_k, all_n) end as low,
    case when sum(n) >= 30 then clustered_high(k, n, all_k, all_n) end as high,
    (select max(snapshot_id) from disruption_panel) as snapshot_id
from counted
group by panel, place, month
order by place, month

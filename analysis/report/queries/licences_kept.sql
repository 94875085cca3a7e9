-- What do new derivatives do with their parent's licence, month by month? Of the edges of which both ends have terms that are known.
with compared as (
    select
        case
            when changes.change in ('same', 'same_obligations') then 'same obligations'
            when changes.change = 'loosened' then 'some dropped'
            when changes.change = 'tightened' then 'some added'
            else 'some dropped, others added'
        end as panel,
        cast(date_trunc('month', models.created_at) as date) as month,
        coalesce(changes.root_id, changes.parent_id) as root_id
    from licence_changes as changes
    inner join hub_models as models on changes.child_id = models.model_id
    where
        changes.change in ('same', 'same_obligations', 'loosened', 'tightened', 'exchanged')
        and models.created_at is not null
        and not models.is_created_at_floor
),

families as (
    select
        month,
        root_id,
        count(*) as n
    from compared
    group by month, root_id
),

of_panels as (
    select
        panel,
        month,
        root_id,
        count(*) as k
    from compared
    group by panel, month, root_id
),

panels as (
    select distinct panel from compared
),

counted as (
    select
        panels.panel,
        families.month,
        families.n,
        coalesce(of_panels.k, 0) as k,
        sum(families.n) over (partition by panels.panel, families.month) as all_n,
        sum(coalesce(of_panels.k, 0)) over (partition by panels.panel, families.month) as all_k
    from families
    cross join panels
    left join of_panels
        on panels.panel = of_panels.panel and families.month = of_panels.month and families.root_id = of_panels.root_id
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
group by panel, month
order by list_position(['same obligations', 'some dropped', 'some added', 'some dropped, others added'], panel), month

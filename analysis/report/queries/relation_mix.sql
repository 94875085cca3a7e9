-- Of which relation are the models with a parent, month by month? As ecosystem_months counts them.
with derived as (
    select
        relation,
        cast(date_trunc('month', created_at) as date) as month,
        coalesce(root_id, model_id) as root_id
    from hub_models
    where relation is not null and created_at is not null and not is_created_at_floor
),

families as (
    select
        month,
        root_id,
        count(*) as n
    from derived
    group by month, root_id
),

of_relations as (
    select
        relation,
        month,
        root_id,
        count(*) as k
    from derived
    group by relation, month, root_id
),

relations as (
    select distinct relation from derived
),

-- Each family of a month with each relation: with none of it, too.
counted as (
    select
        relations.relation as panel,
        families.month,
        families.n,
        coalesce(of_relations.k, 0) as k,
        sum(families.n) over (partition by relations.relation, families.month) as all_n,
        sum(coalesce(of_relations.k, 0)) over (partition by relations.relation, families.month) as all_k
    from families
    cross join relations
    left join of_relations
        on
            relations.relation = of_relations.relation
            and families.month = of_relations.month
            and families.root_id = of_relations.root_id
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
order by list_position(['finetune', 'adapter', 'quantized', 'merge', 'unknown'], panel), month

-- Of which relation are the models with a parent, month by month? As ecosystem_months counts them.
with derived as (
    select
        month,
        relation as panel,
        n_models as n_of_panel,
        sum(n_models) over (partition by month) as n,
        sum(n_models) over (partition by relation) as n_ever
    from ecosystem_months
    where relation not in ('all', 'none') and month is not null
)

select
    panel,
    month,
    n_of_panel,
    cast(n as bigint) as n,
    case when n >= 30 then n_of_panel / n end as value,
    case when n >= 30 then share_low(n_of_panel, n) end as low,
    case when n >= 30 then share_high(n_of_panel, n) end as high,
    (select max(snapshot_id) from disruption_panel) as snapshot_id
from derived
where n_ever > 0
order by list_position(['finetune', 'adapter', 'quantized', 'merge', 'unknown'], panel), month

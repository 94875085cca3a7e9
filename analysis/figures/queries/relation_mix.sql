-- Of which relation are the models with a parent, month by month? As ecosystem_months counts them.
create or replace temp view panelled as
select
    cast(date_trunc('month', created_at) as date) as month,
    coalesce(root_id, model_id) as root_id,
    [relation] as panels
from hub_models
where relation is not null and created_at is not null and not is_created_at_floor;

create or replace temp view placed_panels as
select distinct
    panels[1] as panel,
    list_position(['finetune', 'adapter', 'quantized', 'merge', 'unknown'], panels[1]) as place
from panelled;

-- What relations do models with a parent have, month by month? As counted in ecosystem_months.
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

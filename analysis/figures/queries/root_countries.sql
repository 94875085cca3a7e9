-- From which countries are the roots of a month's new derivatives, where landed tables of owners say? The three most frequent
-- countries, and the unknown. A family has one root, so intervals are over families.
create or replace temp view panelled as
select
    cast(date_trunc('month', created_at) as date) as month,
    root_id,
    [coalesce(root_owner_country, 'not known')] as panels
from hub_models
where generation > 0 and created_at is not null and not is_created_at_floor;

create or replace temp view placed_panels as
-- Without any table of owners there is nothing to show.
with frequent as (
    select
        panels[1] as panel,
        row_number() over (order by count(*) desc, panels[1] asc) as place
    from panelled
    where panels[1] != 'not known'
    group by panels[1]
    order by place
    limit 3
)

from frequent
union all
select
    'not known' as panel,
    4 as place
where exists (from frequent);

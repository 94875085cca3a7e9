-- What do new derivatives do with their parent's licence, month by month? Only edges where the terms of both ends are known.
create or replace temp view panelled as
select
    cast(date_trunc('month', models.created_at) as date) as month,
    coalesce(changes.root_id, changes.parent_id) as root_id,
    [
        case
            when changes.change in ('same', 'same_obligations') then 'same obligations'
            when changes.change = 'loosened' then 'some dropped'
            when changes.change = 'tightened' then 'some added'
            else 'some dropped, others added'
        end
    ] as panels
from licence_changes as changes
inner join hub_models as models on changes.child_id = models.model_id
where
    changes.change in ('same', 'same_obligations', 'loosened', 'tightened', 'exchanged')
    and models.created_at is not null
    and not models.is_created_at_floor;

create or replace temp view placed_panels as
select distinct
    panels[1] as panel,
    list_position(['same obligations', 'some dropped', 'some added', 'some dropped, others added'], panels[1]) as place
from panelled;

-- How complete and how faulty is the lineage? Share of each month's models, five ways.
create or replace temp view panelled as
with claimed_by_name as (
    select distinct child_id
    from lineage_rejections
    where evidence = 'name' and reason = 'phase_not_in_use'
),

children as (
    select
        child_id,
        bool_or(not is_parent_listed) as has_unlisted_parent,
        bool_or(coalesce(is_time_inverted, false)) as is_older_than_a_parent,
        bool_or(is_in_cycle) as is_in_cycle
    from lineage_edges
    group by child_id
)

select
    cast(date_trunc('month', models.created_at) as date) as month,
    coalesce(models.root_id, models.model_id) as root_id,
    [
        case when models.n_parents = 0 then 'no parent declared' end,
        case when claimed_by_name.child_id is not null then 'a parent that only the name gives away' end,
        case when children.has_unlisted_parent then 'a parent that is not listed' end,
        case when children.is_older_than_a_parent then 'older than a parent' end,
        case when children.is_in_cycle then 'in a cycle' end
    ] as panels
from hub_models as models
left join claimed_by_name on models.model_id = claimed_by_name.child_id
left join children on models.model_id = children.child_id
where models.created_at is not null and not models.is_created_at_floor;

create or replace temp view placed_panels as
from (
    values
    ('no parent declared', 1),
    ('a parent that only the name gives away', 2),
    ('a parent that is not listed', 3),
    ('older than a parent', 4),
    ('in a cycle', 5)
) as panels (panel, place);

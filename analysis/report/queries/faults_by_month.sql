-- How complete and how faulty is the lineage? Share of each month's models, five ways.
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
),

models as (
    select
        date_trunc('month', models.created_at) as month,
        coalesce(models.root_id, models.model_id) as root_id,
        models.n_parents = 0 as is_without_parent,
        claimed_by_name.child_id is not null as is_given_away,
        coalesce(children.has_unlisted_parent, false) as has_unlisted_parent,
        coalesce(children.is_older_than_a_parent, false) as is_older_than_a_parent,
        coalesce(children.is_in_cycle, false) as is_in_cycle
    from hub_models as models
    left join claimed_by_name on models.model_id = claimed_by_name.child_id
    left join children on models.model_id = children.child_id
    where models.created_at is not null and not models.is_created_at_floor
),

counted as (
    select
        month,
        root_id,
        count(*) as n,
        count(*) filter (is_without_parent) as no_parent_declared,
        count(*) filter (is_given_away) as a_parent_that_only_the_name_gives_away,
        count(*) filter (has_unlisted_parent) as a_parent_that_is_not_listed,
        count(*) filter (is_older_than_a_parent) as older_than_a_parent,
        count(*) filter (is_in_cycle) as in_a_cycle
    from models
    group by month, root_id
),

long as (
    unpivot counted
    on
    no_parent_declared, a_parent_that_only_the_name_gives_away, a_parent_that_is_not_listed, older_than_a_parent,
    in_a_cycle
    into name panel value k
),

families as (
    select
        *,
        sum(k) over (partition by panel, month) as all_k,
        sum(n) over (partition by panel, month) as all_n
    from long
)

select
    replace(panel, '_', ' ') as panel,
    month,
    cast(sum(k) as bigint) as n_of_panel,
    cast(sum(n) as bigint) as n,
    count(*) as n_clusters,
    case when sum(n) >= 30 then sum(k) / sum(n) end as value,
    case when sum(n) >= 30 then clustered_low(k, n, all_k, all_n) end as low,
    case when sum(n) >= 30 then clustered_high(k, n, all_k, all_n) end as high,
    (select max(snapshot_id) from disruption_panel) as snapshot_id
from families
group by panel, month
order by
    list_position(
        [
            'no_parent_declared', 'a_parent_that_only_the_name_gives_away', 'a_parent_that_is_not_listed',
            'older_than_a_parent', 'in_a_cycle'
        ], families.panel
    ), month

-- Whose models are new models built on? Owners of the nearest root of the models that declare a parent, in the latest
-- month with a hundred of them; models whose nearest root has the same owner are left out.
with models as (
    select
        date_trunc('month', models.created_at) as month,
        models.root_id,
        coalesce(lower(roots.owner), lower(split_part(models.root_id, '/', 1))) as root_owner,
        coalesce(roots.owner, split_part(models.root_id, '/', 1)) as shown_owner
    from hub_models as models
    left join hub_models as roots on models.root_id = roots.model_id
    where
        models.n_parents > 0 and models.root_id is not null
        and models.created_at is not null and not models.is_created_at_floor
        and coalesce(lower(models.owner), '') != coalesce(lower(roots.owner), lower(split_part(models.root_id, '/', 1)))
),

latest as (
    select month
    from models
    group by month
    having count(*) >= 100
    order by month desc
    limit 1
),

families as (
    select
        models.month,
        models.root_owner,
        min(models.shown_owner) as shown_owner,
        models.root_id,
        count(*) as n_of_family
    from models
    inner join latest on models.month = latest.month
    group by models.month, models.root_owner, models.root_id
),

owners as (
    select
        month,
        root_owner,
        min(shown_owner) as shown_owner,
        sum(n_of_family) as n_of_owner
    from families
    group by month, root_owner
    order by n_of_owner desc, root_owner asc
    limit 8
),

-- Each family counts once for each owner: all its models descend from one owner, or none.
counted as (
    select
        owners.month,
        owners.shown_owner,
        owners.n_of_owner,
        case when families.root_owner = owners.root_owner then families.n_of_family else 0 end as k,
        families.n_of_family as n,
        owners.n_of_owner as all_k,
        sum(families.n_of_family) over (partition by owners.root_owner) as all_n
    from owners
    cross join families
)

select
    shown_owner as owner,
    month,
    cast(max(n_of_owner) as bigint) as n_of_owner,
    cast(sum(n) as bigint) as n,
    count(*) as n_clusters,
    sum(k) / sum(n) as value,
    clustered_low(k, n, all_k, all_n) as low,
    clustered_high(k, n, all_k, all_n) as high,
    (select max(snapshot_id) from disruption_panel) as snapshot_id
from counted
group by shown_owner, month
order by n_of_owner desc, owner asc

-- How do the ten largest families grow? Models by their nearest root and by weeks since the root's release.
with largest as (
    select
        families.root_id,
        families.n_models,
        row_number() over (order by families.n_models desc, families.root_id asc) as place,
        case when not roots.is_created_at_floor then roots.created_at end as root_created_at
    from families
    left join hub_models as roots on families.root_id = roots.model_id
    order by place
    limit 10
),

dated as (
    select
        largest.place,
        largest.root_id,
        largest.n_models,
        lower(coalesce(models.owner, models.model_id)) as owner,
        -- A root that is unlisted or has the back-filled date counts from its first dated derivative.
        cast(floor(date_diff(
            'second',
            coalesce(largest.root_created_at, min(models.created_at) over (partition by largest.root_id)),
            models.created_at
        ) / 604800) as integer) as week
    from largest
    inner join hub_models as models on largest.root_id = models.root_id
    where models.model_id != largest.root_id and models.created_at is not null and not models.is_created_at_floor
),

-- A family made almost entirely by one owner tells little about what others build on.
owners as (
    select
        place,
        max(n_of_owner) / sum(n_of_owner) as largest_owner_share
    from (
        select
            place,
            owner,
            count(*) as n_of_owner
        from dated
        where week >= 0
        group by place, owner
    ) as counted
    group by place
),

weeks as (
    select
        place,
        root_id,
        n_models,
        week,
        count(*) as n_new
    from dated
    where week >= 0
    group by place, root_id, n_models, week
)

select
    weeks.place,
    weeks.root_id,
    weeks.n_models,
    weeks.week,
    weeks.n_new,
    cast(sum(weeks.n_new) over (partition by weeks.place order by weeks.week) as bigint) as n_to_date,
    owners.largest_owner_share,
    (select max(snapshot_id) from disruption_panel) as snapshot_id
from weeks
inner join owners on weeks.place = owners.place
order by weeks.place, weeks.week

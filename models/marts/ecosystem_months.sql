-- One row per month of release x relation, with `all` models and those with `none`.
with focals as (
    select
        model_id,
        mdi
    from {{ ref('disruption') }}
    where window_name = '90d'
),

models as (
    select
        cast(date_trunc('month', models.created_at) as date) as month,
        coalesce(models.relation, 'none') as relation,
        models.n_parents,
        focals.mdi
    from {{ ref('hub_models') }} as models
    left join focals on models.model_id = focals.model_id
    where models.created_at is not null and not models.is_created_at_floor
),

with_all as (
    select
        month,
        relation,
        n_parents,
        mdi
    from models
    union all
    select
        month,
        'all' as relation,
        n_parents,
        mdi
    from models
)

select
    month,
    relation,
    cast(count(*) as integer) as n_models,
    count(*) filter (where n_parents > 0) / count(*) as share_with_parent,
    cast(count(*) filter (where mdi > 0) as integer) as n_disruptive,
    cast(count(*) filter (where mdi = 0) as integer) as n_zero,
    cast(count(*) filter (where mdi < 0) as integer) as n_consolidative,
    cast(count(*) filter (where mdi is null) as integer) as n_undefined,
    sum(n_parents) / nullif(count(*) filter (where n_parents > 0), 0) as mean_parents
from with_all
group by month, relation

-- One family, model by model: put another root's id into `chosen`; the default is the largest family.
with chosen as (
    select root_id
    from {{ ref('families') }}
    order by n_models desc, root_id asc
    limit 1
)

select
    models.generation,
    models.model_id,
    models.relation,
    models.created_at,
    races.release_rank,
    round(races.release_lag_days, 2) as release_lag_days,
    models.n_children,
    models.n_descendants,
    models.likes,
    models.downloads,
    focals.n_i,
    focals.n_j,
    focals.n_k,
    round(focals.mdi, 4) as mdi_90d,
    focals.undefined_reason
from {{ ref('hub_models') }} as models
inner join chosen on models.root_id = chosen.root_id
left join {{ ref('disruption') }} as focals on models.model_id = focals.model_id and focals.window_name = '90d'
left join {{ ref('release_races') }} as races on models.model_id = races.child_id and chosen.root_id = races.parent_id
qualify row_number() over (order by models.generation asc, models.n_descendants desc, models.model_id asc) <= 200
order by models.generation asc, models.n_descendants desc, models.model_id asc

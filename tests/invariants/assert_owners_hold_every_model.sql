-- Owners have the models of the snapshot whose ids name them, and families only below their own roots.
with models as (
    select
        lower(owner) as owner_lower,
        count(*) as n_models
    from {{ ref('hub_models') }}
    where owner is not null
    group by lower(owner)
),

members as (
    select
        lower(root_owner) as owner_lower,
        count(*) as n_family_models
    from {{ ref('hub_models') }}
    where generation > 0 and root_owner is not null
    group by lower(root_owner)
)

select owners.owner
from {{ ref('owners') }} as owners
full outer join models on lower(owners.owner) = models.owner_lower
left join members on lower(owners.owner) = members.owner_lower
where
    owners.owner is null
    or owners.n_models != coalesce(models.n_models, 0)
    or owners.n_family_models != coalesce(members.n_family_models, 0)
    or owners.n_derivatives_by_others > owners.n_derivatives
    or owners.n_family_models_by_others > owners.n_family_models

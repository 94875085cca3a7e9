-- A family has as many models as listed members; a member's path shares add up to one, and one of its roots is
-- the nearest.
with members as (
    select
        root_id,
        count(*) as n_members
    from {{ ref('family_members') }}
    group by root_id
),

shares as (
    select
        model_id,
        sum(path_share) as all_shares,
        count(*) as n_roots,
        count(case when is_nearest_root then 1 end) as n_nearest,
        min(distance) as generation
    from {{ ref('family_members') }}
    group by model_id
)

select families.root_id as wrong
from {{ ref('families') }} as families
left join members on families.root_id = members.root_id
where families.n_models != coalesce(members.n_members, 0)
union all
select models.model_id as wrong
from {{ ref('hub_models') }} as models
left join shares on models.model_id = shares.model_id
where
    models.generation > 0
    and (
        shares.model_id is null
        or abs(shares.all_shares - 1) > 1e-9
        or shares.n_nearest != 1
        or shares.n_roots != models.n_roots
        or shares.generation != models.generation
    )

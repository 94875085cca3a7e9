-- Nothing disappears between the landed tables of owners and the mart, and only sound rows describe an owner.
with landed as (
    select
        count(*) as n_rows,
        count(distinct case when fault is null then owner_lower end) as n_owners
    from {{ ref('stg_owners__descriptions') }}
),

kept as (
    select
        count(*) as n_rows,
        count(distinct owner) as n_owners
    from {{ ref('owner_claims') }}
),

described as (
    select count(*) as n_owners
    from {{ ref('owners') }}
    where n_sources > 0
)

select
    landed.n_rows,
    landed.n_owners
from landed
cross join kept
cross join described
where landed.n_rows != kept.n_rows or landed.n_owners != kept.n_owners or landed.n_owners != described.n_owners

-- What do the landed tables say about owners, and how much of it is unusable? Descriptions by doubt, with an example of each.
-- Most owners of the Hub are in no table: the last column says for what share of all models the owner's country is known.
select
    coalesce(claims.doubt, 'none') as doubt,
    count(*) as n_descriptions,
    count(distinct claims.owner) as n_owners,
    min(claims.claimed_owner) as example_owner,
    min_by(claims.claimed_country, claims.claimed_owner) as example_country,
    round((
        select sum(owners.n_models) filter (where owners.country is not null) / nullif(sum(owners.n_models), 0)
        from {{ ref('owners') }} as owners
    ), 4) as share_of_models_with_a_country
from {{ ref('owner_claims') }} as claims
group by coalesce(claims.doubt, 'none')
order by n_descriptions desc, doubt asc

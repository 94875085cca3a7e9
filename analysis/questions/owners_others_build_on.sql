-- Whose models do others build on most, and what share of all families is theirs?
select
    owner,
    kind,
    country,
    n_models,
    n_derivatives,
    n_derivatives_by_others,
    n_families,
    n_family_models,
    round(family_share, 4) as family_share,
    round(family_share_by_others, 4) as family_share_by_others,
    first_release_at,
    last_release_at
from {{ ref('owners') }}
where n_derivatives_by_others > 0
qualify row_number() over (order by n_derivatives_by_others desc, owner asc) <= 20
order by n_derivatives_by_others desc, owner asc

-- Who are the bulk owners, and how much of the lineage is theirs?
select
    models.owner,
    count(*) as n_models,
    count(*) filter (where models.n_parents > 0) as n_derived,
    count(distinct models.root_id) as n_families,
    round(count(*) / nullif((select count(*) from {{ ref('hub_models') }}), 0), 4) as share_of_models
from {{ ref('hub_models') }} as models
where models.is_bulk_owner
group by models.owner
qualify row_number() over (order by n_models desc, models.owner asc) <= 20
order by n_models desc, models.owner asc

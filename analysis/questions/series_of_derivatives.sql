-- Which series do models carry in their names, and how many of these descend from a model of the same series? A series is
-- the name's own claim: it makes no edge.
select
    models.model_series,
    count(*) as n_models,
    count(*) filter (where models.n_parents > 0) as n_derived,
    count(*) filter (where roots.model_series = models.model_series) as n_of_a_root_of_the_same_series,
    count(distinct models.model_type) as n_model_types,
    mode(models.model_type) as most_frequent_model_type
from {{ ref('hub_models') }} as models
left join {{ ref('hub_models') }} as roots on models.root_id = roots.model_id and models.generation > 0
where models.model_series is not null
group by models.model_series
qualify row_number() over (order by n_models desc, models.model_series asc) <= 30
order by n_models desc, models.model_series asc

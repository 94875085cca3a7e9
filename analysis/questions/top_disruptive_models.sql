-- Which models changed the course most, and on how many later models does that rest? 90-day window, at least three takers.
select
    focals.model_id,
    models.relation,
    models.parameter_count,
    focals.n_i,
    focals.n_j,
    focals.n_k,
    round(focals.mdi, 4) as mdi,
    round(focals.mdi_no_k, 4) as mdi_no_k,
    round(focals.mdi_bypass, 4) as mdi_bypass
from {{ ref('disruption') }} as focals
inner join {{ ref('hub_models') }} as models on focals.model_id = models.model_id
where focals.window_name = '90d' and focals.mdi > 0 and focals.n_i + focals.n_j >= 3
qualify row_number() over (order by focals.mdi desc, focals.n_i desc, focals.model_id asc) <= 20
order by focals.mdi desc, focals.n_i desc, focals.model_id asc

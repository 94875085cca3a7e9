-- Which derivatives does nobody build on? Share of models without a child, by relation.
select
    coalesce(relation, 'none') as relation,
    count(*) as n_models,
    count(*) filter (where n_children = 0) as n_leaves,
    round(count(*) filter (where n_children = 0) / count(*), 4) as leaf_share
from {{ ref('hub_models') }}
group by coalesce(relation, 'none')
order by n_models desc, relation asc

-- How much of the lineage is undeclared? Models without a parent whose name repeats another model's with a
-- conversion suffix, and parents that are not listed.
select
    'models' as measure,
    count(*) as n_rows,
    null as share
from {{ ref('hub_models') }}
union all
select
    'models with a parent' as measure,
    count(*) as n_rows,
    round(count(*) / nullif((select count(*) from {{ ref('hub_models') }}), 0), 4) as share
from {{ ref('hub_models') }}
where n_parents > 0
union all
select
    'models that only their name gives away' as measure,
    count(*) as n_rows,
    round(count(*) / nullif((select count(*) from {{ ref('hub_models') }}), 0), 4) as share
from {{ ref('lineage_rejections') }}
where evidence = 'name' and reason = 'phase_not_in_use'
union all
select
    'edges to an unlisted parent' as measure,
    count(*) as n_rows,
    round(count(*) / nullif((select count(*) from {{ ref('lineage_edges') }}), 0), 4) as share
from {{ ref('lineage_edges') }}
where not is_parent_listed

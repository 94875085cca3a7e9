-- Which countries build on which? All months together, by the owners of parent and child; the share is that of the base's country
-- among all models that the building country builds on.
with flows as (
    select
        country,
        base_country,
        sum(n_new_children) as n_new_children,
        sum(n_new_descendants) as n_new_descendants
    from {{ ref('country_flows') }}
    group by country, base_country
)

select
    country,
    base_country,
    n_new_children,
    n_new_descendants,
    round(n_new_children / nullif(sum(n_new_children) over (partition by country), 0), 4) as share_of_new_children
from flows
order by country asc, n_new_children desc, base_country asc

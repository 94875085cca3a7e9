-- Which class of licence do derivatives choose, by the class of their parent and of their root? Laufer et al. find a drift from
-- restrictive licences to permissive and copyleft ones. Not legal advice.
select
    'parent' as compared_with,
    coalesce(parent_class, 'not_listed') as from_class,
    child_class as to_class,
    count(*) as n_edges,
    round(count(*) / sum(count(*)) over (partition by coalesce(parent_class, 'not_listed')), 4) as share
from {{ ref('licence_changes') }}
group by coalesce(parent_class, 'not_listed'), child_class
union all
select
    'root' as compared_with,
    coalesce(root_class, 'not_listed') as from_class,
    child_class as to_class,
    count(*) as n_edges,
    round(count(*) / sum(count(*)) over (partition by coalesce(root_class, 'not_listed')), 4) as share
from {{ ref('licence_changes') }}
group by coalesce(root_class, 'not_listed'), child_class
order by compared_with asc, from_class asc, n_edges desc, to_class asc

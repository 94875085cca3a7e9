-- Do children keep their parent's licence? By relation, where both have one.
select
    edges.relation,
    count(*) as n_edges,
    count(*) filter (where parents.license is not null and children.license is not null) as n_with_both_licences,
    round(
        count(*) filter (where lower(parents.license) = lower(children.license))
        / nullif(count(*) filter (where parents.license is not null and children.license is not null), 0), 4
    ) as same_licence_share
from {{ ref('lineage_edges') }} as edges
inner join {{ ref('hub_models') }} as children on edges.child_id = children.model_id
inner join {{ ref('hub_models') }} as parents on edges.parent_id = parents.model_id
group by edges.relation
order by n_edges desc, edges.relation asc

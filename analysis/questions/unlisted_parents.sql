-- Which unlisted parents are built on: deleted, private, renamed without a trace, or never there?
select
    parent_id,
    count(*) as n_children,
    count(distinct child_id) filter (where first_evidence in ('hub', 'typed_tag')) as n_known_to_the_hub,
    min(child_created_at) as first_child_at,
    max(child_created_at) as last_child_at
from {{ ref('lineage_edges') }}
where not is_parent_listed
group by parent_id
qualify row_number() over (order by n_children desc, parent_id asc) <= 20
order by n_children desc, parent_id asc

-- noqa: disable=PRS
-- One row per node with children x root above it: steps along the shortest way (a root is 0 steps from itself).
{% if target.type == 'spark' -%}
-- Spark's recursion does not see what is reached already: all distances are known there.
select
    root_key as node_key,
    root_key,
    0 as distance
from {{ ref('int_roots_ordered') }}
union all
select
    distances.node_key,
    roots.root_key,
    distances.distance
from {{ ref('int_inner_distances_doubled') }} as distances
inner join {{ ref('int_roots_ordered') }} as roots on distances.ancestor_key = roots.root_key
{%- else -%}
-- Breadth first from each root; sqlfluff cannot parse `using key`.
with recursive walked(node_key, root_key, distance) using key (node_key, root_key) as (
    select
        root_key as node_key,
        root_key,
        0 as distance
    from {{ ref('int_roots_ordered') }}
    union
    select
        edges.child_key as node_key,
        walked.root_key,
        min(walked.distance) + 1 as distance
    from walked
    inner join {{ ref('int_inner_edges_selected') }} as edges on edges.parent_key = walked.node_key
    left join recurring.walked as reached
        on reached.node_key = edges.child_key and reached.root_key = walked.root_key
    where reached.node_key is null
    group by edges.child_key, walked.root_key
)

select
    node_key,
    root_key,
    distance
from walked
{%- endif %}

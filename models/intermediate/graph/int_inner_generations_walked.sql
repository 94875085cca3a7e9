-- noqa: disable=PRS
-- One row per node with children that some root feeds: steps to the nearest root, and the first such root.
{% if target.type == 'spark' -%}
-- Spark's recursion does not see what is reached already: the nearest roots are looked up among all distances.
with roots as (
    select
        root_key,
        root_number
    from {{ ref('int_roots_ordered') }}
),

reached as (
    select
        distances.node_key,
        distances.distance as generation,
        min(roots.root_number) as root_number
    from {{ ref('int_inner_distances_doubled') }} as distances
    inner join roots on distances.ancestor_key = roots.root_key
    group by distances.node_key, distances.distance
)

select
    root_key as node_key,
    0 as generation,
    root_number
from roots
union all
select
    node_key,
    generation,
    root_number
from reached
qualify row_number() over (partition by node_key order by generation nulls last) = 1
{%- else -%}
-- Breadth first: a node is reached once, by the parents of the generation before. `using key` lets a
-- step see what is reached already; sqlfluff cannot parse it.
with recursive walked(node_key, generation, root_number) using key (node_key) as (
    select
        root_key as node_key,
        0 as generation,
        root_number
    from {{ ref('int_roots_ordered') }}
    union
    select
        edges.child_key as node_key,
        min(walked.generation) + 1 as generation,
        min(walked.root_number) as root_number
    from walked
    inner join {{ ref('int_inner_edges_selected') }} as edges on edges.parent_key = walked.node_key
    left join recurring.walked as reached on reached.node_key = edges.child_key
    where reached.node_key is null
    group by edges.child_key
)

select
    node_key,
    generation,
    root_number
from walked
{%- endif %}

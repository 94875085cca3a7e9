-- One row per node with children x ancestor. A union keeps a set of pairs, so cycles end by themselves.
{% if target.type == 'spark' -%}
-- Spark's recursion keeps no set, and would go round a cycle for ever.
select
    node_key,
    ancestor_key
from {{ ref('int_inner_distances_doubled') }}
{%- else -%}
with recursive walked as (
    select
        child_key as node_key,
        parent_key as ancestor_key
    from {{ ref('int_inner_edges_selected') }}
    union
    select
        walked.node_key,
        edges.parent_key as ancestor_key
    from walked
    inner join {{ ref('int_inner_edges_selected') }} as edges on walked.ancestor_key = edges.child_key
)

select
    node_key,
    ancestor_key
from walked
{%- endif %}

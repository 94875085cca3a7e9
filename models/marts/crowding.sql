-- One row per base x entrant x window.
with entrants as (
    select
        parents.node_id as parent_id,
        children.node_id as child_id,
        rivals.*
    from {{ ref('int_lineage_edges_resolved') }} as edges
    inner join {{ ref('int_lineage_nodes_numbered') }} as parents on edges.parent_key = parents.node_key
    inner join {{ ref('int_lineage_nodes_numbered') }} as children on edges.child_key = children.node_key
    left join {{ ref('int_rivals_counted') }} as rivals
        on edges.child_key = rivals.child_key and edges.parent_key = rivals.parent_key
),

windows as (
    select window_days
    from {{ ref('crowding_windows') }}
)

{% for days in crowding_windows() -%}
select
    rivals.parent_id,
    rivals.child_id,
    windows.window_days,
    {{ rivals_in_window(days) }}
from entrants as rivals
inner join windows on windows.window_days = {{ days }}
{{ 'union all' if not loop.last }}
{% endfor %}

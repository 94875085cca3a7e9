-- One row per base x entrant x window.
with entrants as (
    select
        edges.child_key,
        edges.parent_key,
        parents.node_id as parent_id,
        children.node_id as child_id
    from {{ ref('int_lineage_edges_resolved') }} as edges
    inner join {{ ref('int_lineage_nodes_numbered') }} as parents on edges.parent_key = parents.node_key
    inner join {{ ref('int_lineage_nodes_numbered') }} as children on edges.child_key = children.node_key
),

rivals as (
    select * from {{ ref('int_rivals_counted') }}
),

windows as (
    select window_days
    from {{ ref('crowding_windows') }}
)

{% for days in crowding_windows() -%}
select
    entrants.parent_id,
    entrants.child_id,
    windows.window_days,
    {{ rivals_in_window(days) }}
from entrants
inner join windows on windows.window_days = {{ days }}
left join rivals using (child_key, parent_key)
{{ 'union all' if not loop.last }}
{% endfor %}

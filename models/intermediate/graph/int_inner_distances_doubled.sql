-- One row per node with children x ancestor: steps along the shortest path. For Spark only, whose recursion keeps no set of pairs.
{{ config(enabled=doubles_distances()) }}
select
    node_key,
    ancestor_key,
    distance
from {{ doubled_distances(ref('int_inner_edges_selected')) }}

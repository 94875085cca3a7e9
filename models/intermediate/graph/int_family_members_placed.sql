-- One row per node x root above it: its distance, and the share of the node's paths up that end there.
-- Nodes with children, and the roots themselves. If a node has one root, all its walkers end there.
with placed as (
    select
        distances.node_key,
        distances.root_key,
        distances.distance,
        coalesce(shares.parts, cast(1e12 as bigint)) as parts
    from {{ ref('int_root_distances_walked') }} as distances
    left join {{ ref('int_path_parts_walked') }} as shares
        on distances.node_key = shares.node_key and distances.root_key = shares.root_key
),

rooted as (
    select distinct node_key from placed
),

set_parents as (
    select
        sets.set_number,
        edges.parent_key,
        count(*) over (partition by sets.set_number) as n_rooted_parents
    from {{ ref('int_parent_sets_numbered') }} as sets
    inner join {{ ref('int_lineage_edges_resolved') }} as edges on sets.child_key = edges.child_key
    inner join rooted on edges.parent_key = rooted.node_key
    where sets.is_set_example
),

-- Merges of the same parents have the same place, which is computed once for all of them.
sets_placed as (
    select
        set_parents.set_number,
        placed.root_key,
        min(placed.distance) + 1 as distance,
        cast(sum(floor(placed.parts / set_parents.n_rooted_parents)) as bigint) as parts
    from set_parents
    inner join placed on set_parents.parent_key = placed.node_key
    group by set_parents.set_number, placed.root_key
)

select
    node_key,
    root_key,
    distance,
    parts
from placed
where node_key != root_key
union all
select
    leaves.child_key as node_key,
    placed.root_key,
    placed.distance + 1 as distance,
    placed.parts
from {{ ref('int_leaf_edges_selected') }} as leaves
inner join placed on leaves.parent_key = placed.node_key
where leaves.n_parents = 1
union all
select
    sets.child_key as node_key,
    sets_placed.root_key,
    sets_placed.distance,
    sets_placed.parts
from {{ ref('int_parent_sets_numbered') }} as sets
inner join sets_placed on sets.set_number = sets_placed.set_number
where sets.is_leaf

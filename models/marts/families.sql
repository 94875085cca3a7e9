-- One row per root: the family of all its descendants.
with relations as (
    select
        child_key,
        {{ relation_word('max(' ~ relation_number('relation') ~ ')') }} as relation
    from {{ ref('int_lineage_edges_resolved') }}
    group by child_key
),

members as (
    select
        reached.root_key,
        nodes.node_key,
        nodes.owner_lower,
        nodes.node_id_lower,
        nodes.released_us,
        nodes.created_at,
        positions.generation,
        relations.relation
    from {{ ref('int_roots_reached') }} as reached
    inner join {{ ref('int_lineage_nodes_numbered') }} as nodes on reached.node_key = nodes.node_key
    inner join {{ ref('int_lineage_positions_summed') }} as positions on reached.node_key = positions.node_key
    inner join relations on reached.node_key = relations.child_key
    where reached.node_key != reached.root_key
),

-- A repository without an owner in its id counts as its own owner.
owners as (
    select
        root_key,
        coalesce(owner_lower, node_id_lower) as owner,
        count(*) as n_models
    from members
    group by root_key, coalesce(owner_lower, node_id_lower)
),

owner_shares as (
    select
        root_key,
        count(*) as n_owners,
        sum(n_models * n_models) as sum_of_squares
    from owners
    group by root_key
),

counted as (
    select
        root_key,
        count(*) as n_models,
        count(*) filter (where relation = 'finetune') as n_finetune,
        count(*) filter (where relation = 'adapter') as n_adapter,
        count(*) filter (where relation = 'quantized') as n_quantized,
        count(*) filter (where relation = 'merge') as n_merge,
        count(*) filter (where relation = 'unknown') as n_unknown,
        max(generation) as max_generation,
        min(case when released_us is not null then created_at end) as first_release_at,
        max(case when released_us is not null then created_at end) as last_release_at
    from members
    group by root_key
)

select
    roots.node_id as root_id,
    cast(counted.n_models as integer) as n_models,
    cast(counted.n_finetune as integer) as n_finetune,
    cast(counted.n_adapter as integer) as n_adapter,
    cast(counted.n_quantized as integer) as n_quantized,
    cast(counted.n_merge as integer) as n_merge,
    cast(counted.n_unknown as integer) as n_unknown,
    cast(counted.max_generation as integer) as max_generation,
    cast(owner_shares.n_owners as integer) as n_owners,
    cast(owner_shares.sum_of_squares as double) / (counted.n_models * counted.n_models) as owner_hhi,
    roots.is_listed as is_root_listed,
    counted.first_release_at,
    counted.last_release_at
from counted
inner join owner_shares on counted.root_key = owner_shares.root_key
inner join {{ ref('int_lineage_nodes_numbered') }} as roots on counted.root_key = roots.node_key

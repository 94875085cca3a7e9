-- One row per child x parent: the graph that every later step works on, in keys and microseconds.
with pairs as (
    select
        *,
        count(*) over (partition by child_key) as n_parents
    from {{ ref('int_lineage_pairs_related') }}
    where rejection_reason is null
)

select
    pairs.child_key,
    pairs.parent_key,
    pairs.relation,
    pairs.relation_source,
    pairs.evidence,
    pairs.n_claims,
    pairs.n_parents,
    parents.is_listed as is_parent_listed,
    children.owner_lower as child_owner,
    coalesce(children.owner_lower = parents.owner_lower, false) as is_same_owner,
    children.is_bulk_owner as is_child_bulk_owner,
    children.created_us as child_created_us,
    parents.created_us as parent_created_us,
    children.released_us as child_released_us,
    parents.released_us as parent_released_us
from pairs
inner join {{ ref('int_lineage_nodes_numbered') }} as children on pairs.child_key = children.node_key
inner join {{ ref('int_lineage_nodes_numbered') }} as parents on pairs.parent_key = parents.node_key

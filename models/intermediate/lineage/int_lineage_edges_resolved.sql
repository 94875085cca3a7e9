-- One row per child x parent: the graph that every later step works on, in keys and microseconds.
with claims as (
    select * from {{ ref('int_parent_claims_judged') }}
    where rejection_reason is null
),

-- One phase may name a parent twice, under two of its names.
phases as (
    select
        child_id_lower,
        parent_id_lower,
        evidence,
        phase_number,
        count(*) as n_claims,
        max(claimed_relation_number) as phase_relation_number
    from claims
    group by child_id_lower, parent_id_lower, evidence, phase_number
),

pairs as (
    select
        child_id_lower,
        parent_id_lower,
        {{ array_in_order('evidence', 'phase_number') }} as evidence,
        cast(sum(n_claims) as bigint) as n_claims,
        max(phase_relation_number) as pair_relation_number
    from phases
    group by child_id_lower, parent_id_lower
),

-- The Hub gives a child one relation. A parent that only the card names has it too.
related as (
    select
        pairs.*,
        children.n_parents,
        children.declared_relation,
        {{ relation_word('coalesce(pairs.pair_relation_number, children.hub_relation_number)') }} as hub_relation,
        children.inferred_relation
    from pairs
    inner join {{ ref('int_child_relations_inferred') }} as children using (child_id_lower)
)

select
    children.node_key as child_key,
    parents.node_key as parent_key,
    coalesce(related.declared_relation, related.hub_relation, related.inferred_relation) as relation,
    case
        when related.declared_relation is not null then 'card'
        when related.hub_relation is not null then 'hub'
        when related.inferred_relation != 'unknown' then 'inferred'
        else 'none'
    end as relation_source,
    related.evidence,
    related.n_claims,
    related.n_parents,
    parents.is_listed as is_parent_listed,
    children.owner_lower as child_owner,
    coalesce(children.owner_lower = parents.owner_lower, false) as is_same_owner,
    children.is_bulk_owner as is_child_bulk_owner,
    children.created_us as child_created_us,
    parents.created_us as parent_created_us,
    children.released_us as child_released_us,
    parents.released_us as parent_released_us
from related
inner join {{ ref('int_lineage_nodes_numbered') }} as children on related.child_id_lower = children.node_id_lower
inner join {{ ref('int_lineage_nodes_numbered') }} as parents on related.parent_id_lower = parents.node_id_lower

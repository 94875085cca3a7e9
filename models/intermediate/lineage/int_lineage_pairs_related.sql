-- One row per child x parent that sound claims name: their relation, and why the pair is no edge where the variables leave it out.
with claims as (
    select * from {{ ref('int_parent_claims_identified') }}
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
        children.declared_relation,
        {{ relation_word('coalesce(pairs.pair_relation_number, children.hub_relation_number)') }} as hub_relation,
        children.inferred_relation
    from pairs
    inner join {{ ref('int_child_relations_inferred') }} as children using (child_id_lower)
),

named as (
    select
        child_id_lower,
        parent_id_lower,
        coalesce(declared_relation, hub_relation, inferred_relation) as relation,
        case
            when declared_relation is not null then 'card'
            when hub_relation is not null then 'hub'
            when inferred_relation != 'unknown' then 'inferred'
            else 'none'
        end as relation_source,
        evidence,
        n_claims
    from related
)

select
    named.child_id_lower,
    named.parent_id_lower,
    named.relation,
    named.relation_source,
    named.evidence,
    named.n_claims,
    {{ edge_out_of_use('named.relation', 'named.child_id_lower', 'named.parent_id_lower', 'children.is_bulk_owner') }}
        as rejection_reason
from named
inner join {{ ref('int_models_listed') }} as children on named.child_id_lower = children.model_id_lower

-- One row per child x parent that sound claims name: the relation, and, where a variable excludes the pair, the reason.
with claims as (
    select * from {{ ref('int_parent_claims_identified') }}
    where rejection_reason is null
),

-- A pair's phases as one number, a bit for each, in one pass over the claims. With two
-- passes and a list sorted for each pair 106,000 edges took 1.1 s of CPU; now they take 0.4.
pairs as (
    select
        child_key,
        parent_key,
        bit_or(cast(power(2, phase_number) as bigint)) as phase_bits,
        count(*) as n_claims,
        max(claimed_relation_number) as pair_relation_number,
        min(unlisted_spelling) as unlisted_spelling
    from claims
    group by child_key, parent_key
),

phase_sets as (
    select distinct phase_bits from pairs
),

evidence_lists as (
    select
        phase_sets.phase_bits,
        {{ array_in_order('phases.phase', 'phases.phase_number') }} as evidence
    from phase_sets
    inner join {{ ref('evidence_phases') }} as phases
        on phase_sets.phase_bits & cast(power(2, phases.phase_number) as bigint) > 0
    group by phase_sets.phase_bits
),

-- The Hub gives a child one relation, which also holds for a parent that only the card names.
related as (
    select
        pairs.*,
        children.declared_relation,
        {{ relation_word('coalesce(pairs.pair_relation_number, children.hub_relation_number)') }} as hub_relation,
        children.inferred_relation
    from pairs
    inner join {{ ref('int_child_relations_inferred') }} as children using (child_key)
),

named as (
    select
        related.child_key,
        related.parent_key,
        related.unlisted_spelling,
        coalesce(related.declared_relation, related.hub_relation, related.inferred_relation) as relation,
        case
            when related.declared_relation is not null then 'card'
            when related.hub_relation is not null then 'hub'
            when related.inferred_relation != 'unknown' then 'inferred'
            else 'none'
        end as relation_source,
        evidence_lists.evidence,
        related.n_claims
    from related
    inner join evidence_lists on related.phase_bits = evidence_lists.phase_bits
)

select
    named.child_key,
    named.parent_key,
    named.relation,
    named.relation_source,
    named.evidence,
    named.n_claims,
    {{ edge_out_of_use(
        'named.relation',
        'children.owner_lower',
        'coalesce(parents.owner_lower, lower(' ~ owner_of('named.unlisted_spelling') ~ '))',
        'releases.is_bulk_owner'
    ) }} as rejection_reason
from named
inner join {{ ref('int_models_listed') }} as children on named.child_key = children.model_key
left join {{ ref('int_models_listed') }} as parents on named.parent_key = parents.model_key
left join {{ ref('int_owner_releases_counted') }} as releases on named.child_key = releases.model_key

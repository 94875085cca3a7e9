-- One row per child x parent.
with edges as (
    select
        child_key,
        parent_key,
        relation,
        is_parent_listed
    from {{ ref('int_lineage_edges_resolved') }}
),

licences as (
    select * from {{ ref('int_licences_classed') }}
),

compared as (
    select
        edges.*,
        parents.license as parent_license,
        parents.licence_class as parent_class,
        children.license as child_license,
        children.licence_class as child_class,
        roots.root_id,
        root_licences.license as root_license,
        root_licences.licence_class as root_class,
        inherited.is_known as is_way_known,
        coalesce(parents.n_licenses, 0) > 1 or coalesce(children.n_licenses, 0) > 1 as has_several_licences,
        parents.obligation_bits - (parents.obligation_bits & children.obligation_bits) as dropped_bits,
        children.obligation_bits - (parents.obligation_bits & children.obligation_bits) as added_bits,
        inherited.obligation_bits - (inherited.obligation_bits & children.obligation_bits) as dropped_on_the_way_bits
    from edges
    inner join licences as children on edges.child_key = children.model_key
    inner join {{ ref('int_obligations_inherited') }} as inherited on edges.parent_key = inherited.node_key
    left join licences as parents on edges.parent_key = parents.model_key
    left join {{ ref('int_lineage_positions_summed') }} as positions on edges.parent_key = positions.node_key
    left join {{ ref('int_roots_owned') }} as roots on positions.root_key = roots.root_key
    left join licences as root_licences on positions.root_key = root_licences.model_key
),

bit_sets as (
    select dropped_bits as bits from compared
    union
    select added_bits as bits from compared
    union
    select dropped_on_the_way_bits as bits from compared
),

obligation_lists as (
    select
        bit_sets.bits,
        {{ joined_in_order('obligations.obligation', ', ') }} as obligations
    from bit_sets
    inner join {{ ref('licence_obligations') }} as obligations on bit_sets.bits & obligations.bit > 0
    group by bit_sets.bits
)

select
    children.node_id as child_id,
    parents.node_id as parent_id,
    compared.relation,
    compared.parent_license,
    compared.child_license,
    compared.parent_class,
    compared.child_class,
    case
        when not compared.is_parent_listed then 'parent_not_listed'
        when compared.parent_class = 'none' then 'parent_says_nothing'
        when compared.child_class = 'none' then 'child_says_nothing'
        when compared.parent_license = compared.child_license then 'same'
        when compared.dropped_bits is null then 'terms_unknown'
        when compared.dropped_bits = 0 and compared.added_bits = 0 then 'same_obligations'
        when compared.dropped_bits = 0 then 'tightened'
        when compared.added_bits = 0 then 'loosened'
        else 'exchanged'
    end as change,
    dropped.obligations as dropped,
    added.obligations as added,
    compared.root_id,
    compared.root_license,
    compared.root_class,
    dropped_on_the_way.obligations as dropped_on_the_way,
    compared.is_way_known,
    compared.has_several_licences
from compared
inner join {{ ref('int_lineage_nodes_numbered') }} as children on compared.child_key = children.node_key
inner join {{ ref('int_lineage_nodes_numbered') }} as parents on compared.parent_key = parents.node_key
left join obligation_lists as dropped on compared.dropped_bits = dropped.bits
left join obligation_lists as added on compared.added_bits = added.bits
left join obligation_lists as dropped_on_the_way on compared.dropped_on_the_way_bits = dropped_on_the_way.bits

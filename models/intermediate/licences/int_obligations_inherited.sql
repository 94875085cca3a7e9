-- One row per node with children: the obligations of its licence and of all licences above it.
with licences as (
    select
        model_key,
        obligation_bits
    from {{ ref('int_licences_classed') }}
),

lines as (
    select distinct
        parent_key as node_key,
        parent_key as ancestor_key
    from {{ ref('int_lineage_edges_resolved') }}
    union
    select
        node_key,
        ancestor_key
    from {{ ref('int_inner_ancestors_walked') }}
)

-- Unknown licences add nothing to a line's obligations, but are reported.
select
    lines.node_key,
    bit_or(coalesce(licences.obligation_bits, 0)) as obligation_bits,
    bool_and(licences.obligation_bits is not null) as is_known
from lines
left join licences on lines.ancestor_key = licences.model_key
group by lines.node_key

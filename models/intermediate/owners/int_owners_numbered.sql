-- One row per owner of a listed model, of an unlisted parent, or of a landed description.
with spellings as (
    select
        owner_lower,
        owner,
        1 as place,
        count(*) as n_models
    from {{ ref('int_models_listed') }}
    where owner_lower is not null
    group by owner_lower, owner
    union all
    select
        owner_lower,
        {{ owner_of('node_id') }} as owner,
        2 as place,
        count(*) as n_models
    from {{ ref('int_lineage_nodes_numbered') }}
    where not is_listed and owner_lower is not null
    group by owner_lower, {{ owner_of('node_id') }}
    union all
    select
        owner_lower,
        owner,
        3 as place,
        0 as n_models
    from {{ ref('int_owners_described') }}
),

-- An owner is spelled as most of its models spell it.
named as (
    select
        owner_lower,
        owner
    from spellings
    qualify row_number() over (
        partition by owner_lower order by place asc nulls last, n_models desc, owner asc nulls last
    ) = 1
)

select
    row_number() over (order by named.owner_lower nulls last) as owner_key,
    named.owner_lower,
    named.owner,
    described.kind,
    coalesce(described.kind_status, 'not_given') as kind_status,
    described.country,
    coalesce(described.country_status, 'not_given') as country_status,
    described.parent_organisation,
    coalesce(described.n_sources, 0) as n_sources
from named
left join {{ ref('int_owners_described') }} as described on named.owner_lower = described.owner_lower

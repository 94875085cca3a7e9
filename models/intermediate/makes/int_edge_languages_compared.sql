-- One row per child x parent that both name languages: the Jaccard distance between the two sets.
with languages as (
    select * from {{ ref('stg_hub__model_languages') }}
),

counted as (
    select
        model_key,
        count(*) as n_languages
    from languages
    group by model_key
),

edges as (
    select
        edges.child_key,
        edges.parent_key,
        children.n_languages as n_child_languages,
        parents.n_languages as n_parent_languages
    from {{ ref('int_lineage_edges_resolved') }} as edges
    inner join counted as children on edges.child_key = children.model_key
    inner join counted as parents on edges.parent_key = parents.model_key
),

shared as (
    select
        edges.child_key,
        edges.parent_key,
        count(*) as n_shared
    from edges
    inner join languages as child_languages on edges.child_key = child_languages.model_key
    inner join languages as parent_languages
        on edges.parent_key = parent_languages.model_key and child_languages.language = parent_languages.language
    group by edges.child_key, edges.parent_key
)

select
    edges.child_key,
    edges.parent_key,
    edges.n_child_languages,
    edges.n_parent_languages,
    coalesce(shared.n_shared, 0) as n_shared
from edges
left join shared on edges.child_key = shared.child_key and edges.parent_key = shared.parent_key

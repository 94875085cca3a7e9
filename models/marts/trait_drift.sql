-- One row per relation x trait: how often children differ from their parents in it.
with models as (
    select
        listed.model_key,
        listed.pipeline_tag,
        listed.architecture,
        licences.license,
        sizes.size_class
    from {{ ref('int_models_listed') }} as listed
    inner join {{ ref('int_licences_classed') }} as licences on listed.model_key = licences.model_key
    inner join {{ ref('int_model_sizes_resolved') }} as sizes on listed.model_key = sizes.model_key
),

edges as (
    select
        edges.child_key,
        edges.parent_key,
        edges.relation,
        children.pipeline_tag as child_task,
        parents.pipeline_tag as parent_task,
        children.license as child_license,
        parents.license as parent_license,
        children.architecture as child_architecture,
        parents.architecture as parent_architecture,
        children.size_class as child_size_class,
        parents.size_class as parent_size_class
    from {{ ref('int_lineage_edges_resolved') }} as edges
    inner join models as children on edges.child_key = children.model_key
    inner join models as parents on edges.parent_key = parents.model_key
),

spoken as (
    select distinct model_key from {{ ref('stg_hub__model_languages') }}
),

-- The Jaccard distance of two single values is 0 or 1; that of two sets is a fraction, stored in billionths.
distances as (
    {%- for trait in ['task', 'license', 'architecture', 'size_class'] %}
    select
        relation,
        '{{ trait }}' as trait,
        child_{{ trait }} is not null as has_child,
        parent_{{ trait }} is not null as has_parent,
        case when child_{{ trait }} = parent_{{ trait }} then 0 when child_{{ trait }} != parent_{{ trait }} then 1000000000 end as distance
    from edges
    union all
    {%- endfor %}
    select
        edges.relation,
        'language' as trait,
        children.model_key is not null as has_child,
        parents.model_key is not null as has_parent,
        cast(floor(
            (languages.n_child_languages + languages.n_parent_languages - 2 * languages.n_shared) * 1e9
            / (languages.n_child_languages + languages.n_parent_languages - languages.n_shared)
        ) as bigint) as distance
    from edges
    left join spoken as children on edges.child_key = children.model_key
    left join spoken as parents on edges.parent_key = parents.model_key
    left join {{ ref('int_edge_languages_compared') }} as languages
        on edges.child_key = languages.child_key and edges.parent_key = languages.parent_key
),

by_relation as (
    select
        relation,
        trait,
        count(*) as n_edges,
        count(distance) as n_both,
        count(case when has_parent and not has_child then 1 end) as n_lost,
        count(case when has_child and not has_parent then 1 end) as n_gained,
        count(case when distance > 0 then 1 end) as n_changed,
        sum(distance) as sum_of_distances
    from distances
    group by relation, trait
),

counted as (
    select * from by_relation
    union all
    select
        'all' as relation,
        trait,
        sum(n_edges) as n_edges,
        sum(n_both) as n_both,
        sum(n_lost) as n_lost,
        sum(n_gained) as n_gained,
        sum(n_changed) as n_changed,
        sum(sum_of_distances) as sum_of_distances
    from by_relation
    group by trait
)

select
    counted.relation,
    counted.trait,
    cast(counted.n_edges as integer) as n_edges,
    cast(counted.n_both as integer) as n_both,
    cast(counted.n_lost as integer) as n_lost,
    cast(counted.n_gained as integer) as n_gained,
    cast(counted.n_changed as integer) as n_changed,
    cast(counted.sum_of_distances as bigint) / 1e9 / nullif(counted.n_both, 0) as mutation_rate,
    published.mutation_rate as published_mutation_rate,
    cast(published.n_edges as integer) as published_n_edges,
    published.source as published_source
from counted
left join {{ ref('published_drift') }} as published
    on counted.relation = published.relation and counted.trait = published.trait

-- One row per Hub model in the latest snapshot.
with models as (
    select * from {{ ref('int_models_listed') }}
),

relations as (
    select
        child_key,
        max({{ relation_number('relation') }}) as relation_number
    from {{ ref('int_lineage_edges_resolved') }}
    group by child_key
)

select
    models.model_id,
    models.hub_oid,
    models.owner,
    {{ relation_word('relations.relation_number') }} as relation,
    models.pipeline_tag,
    models.library_name,
    models.license,
    models.gated,
    sizes.parameter_count,
    sizes.parameter_source,
    sizes.size_class,
    models.downloads,
    models.downloads_all_time,
    models.likes,
    models.trending_score,
    cast(coalesce(positions.n_parents, 0) as integer) as n_parents,
    cast(coalesce(positions.n_children, 0) as integer) as n_children,
    cast(coalesce(positions.n_descendants, 0) as integer) as n_descendants,
    cast(positions.generation as integer) as generation,
    roots.node_id as root_id,
    cast(coalesce(positions.n_roots, 0) as integer) as n_roots,
    models.is_created_at_floor,
    coalesce(releases.is_bulk_owner, false) as is_bulk_owner,
    cast(releases.n_owner_releases_before as integer) as n_owner_releases_at_entry,
    cast(records.n_owner_derivatives_before as integer) as n_owner_derivatives_at_entry,
    models.created_at,
    models.last_modified_at
from models
left join relations on models.model_key = relations.child_key
left join {{ ref('int_owner_releases_counted') }} as releases on models.model_key = releases.model_key
left join {{ ref('int_model_sizes_resolved') }} as sizes on models.model_key = sizes.model_key
left join {{ ref('int_lineage_positions_summed') }} as positions on models.model_key = positions.node_key
left join {{ ref('int_owner_records_counted') }} as records on models.model_key = records.model_key
left join {{ ref('int_lineage_nodes_numbered') }} as roots on positions.root_key = roots.node_key

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
),

-- All facts about a model are joined before its own columns are added, starting from a table with a row for
-- every model. Joined to the columns one by one, 2,556,240 models did not fit into 2 GB, and took 16.8 s of CPU instead of 9.2
-- in 4 GB (10.2 instead of 8.4 without a limit).
facts as (
    select
        sizes.model_key,
        sizes.parameter_count,
        sizes.parameter_source,
        sizes.size_class,
        relations.relation_number,
        positions.n_parents,
        positions.n_children,
        positions.n_descendants,
        positions.generation,
        positions.root_key,
        positions.n_roots,
        releases.is_bulk_owner,
        releases.n_owner_releases_before,
        records.n_owner_derivatives_before,
        makes.modality,
        makes.model_series,
        licences.licence_class
    from {{ ref('int_model_sizes_resolved') }} as sizes
    left join relations on sizes.model_key = relations.child_key
    left join {{ ref('int_lineage_positions_summed') }} as positions on sizes.model_key = positions.node_key
    left join {{ ref('int_owner_releases_counted') }} as releases on sizes.model_key = releases.model_key
    left join {{ ref('int_owner_records_counted') }} as records on sizes.model_key = records.model_key
    left join {{ ref('int_model_makes_read') }} as makes on sizes.model_key = makes.model_key
    left join {{ ref('int_licences_classed') }} as licences on sizes.model_key = licences.model_key
)

select
    models.model_id,
    models.hub_oid,
    models.owner,
    {{ relation_word('facts.relation_number') }} as relation,
    models.pipeline_tag,
    models.library_name,
    models.architecture,
    models.model_type,
    facts.modality,
    facts.model_series,
    models.license,
    facts.licence_class,
    models.gated,
    facts.parameter_count,
    facts.parameter_source,
    facts.size_class,
    models.downloads,
    models.downloads_all_time,
    models.likes,
    models.trending_score,
    cast(coalesce(facts.n_parents, 0) as integer) as n_parents,
    cast(coalesce(facts.n_children, 0) as integer) as n_children,
    cast(coalesce(facts.n_descendants, 0) as integer) as n_descendants,
    cast(facts.generation as integer) as generation,
    roots.root_id,
    cast(coalesce(facts.n_roots, 0) as integer) as n_roots,
    models.is_created_at_floor,
    coalesce(facts.is_bulk_owner, false) as is_bulk_owner,
    cast(facts.n_owner_releases_before as integer) as n_owner_releases_at_entry,
    cast(facts.n_owner_derivatives_before as integer) as n_owner_derivatives_at_entry,
    roots.root_owner,
    roots.root_owner_country,
    models.created_at,
    models.last_modified_at
from models
left join facts on models.model_key = facts.model_key
left join {{ ref('int_roots_owned') }} as roots on facts.root_key = roots.root_key

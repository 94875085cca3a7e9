-- One row per Hub model in the latest snapshot. A view: see stg_hub__models.
{{ config(materialized=view_or_table()) }}
with latest as (
    select snapshot_id from {{ ref('stg_hub__snapshots') }}
    where is_latest
)

select
    models.model_key,
    models.model_id,
    models.model_id_lower,
    models.hub_oid,
    models.owner,
    models.owner_lower,
    models.repository_name,
    models.gated,
    models.pipeline_tag,
    models.library_name,
    models.architecture,
    models.model_type,
    models.license,
    models.license_name,
    models.n_licenses,
    models.card_relation,
    models.tag_signal,
    models.has_signals,
    models.downloads,
    models.downloads_all_time,
    models.likes,
    models.trending_score,
    models.safetensors_parameters,
    models.gguf_parameters,
    models.chat_template_hash,
    models.is_created_at_floor,
    models.created_us,
    models.released_us,
    models.created_at,
    models.last_modified_at
from {{ ref('stg_hub__models') }} as models
inner join latest on models.snapshot_id = latest.snapshot_id

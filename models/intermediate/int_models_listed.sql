-- One row per Hub model in the latest snapshot.
with latest as (
    select snapshot_id from {{ ref('stg_hub__snapshots') }}
    where is_latest
),

models as (
    select models.*
    from {{ ref('stg_hub__models') }} as models
    inner join latest on models.snapshot_id = latest.snapshot_id
),

-- How many models the owner had released by then, and in the days up to then.
releases as (
    select
        model_id_lower,
        lower(owner) as owner_lower,
        count(*) over (
            partition by lower(owner)
            order by released_us nulls last
            range between unbounded preceding and 1 preceding
        ) as n_owner_releases_before,
        count(*) over (
            partition by lower(owner)
            order by released_us nulls last
            range between {{ microseconds_before(var('bulk_owner_days')) }} and current row
        ) as n_owner_releases_recent
    from models
    where released_us is not null and owner is not null
),

bulk_owners as (
    select owner_lower
    from releases
    group by owner_lower
    having max(n_owner_releases_recent) > {{ var('bulk_owner_releases') }}
)

select
    row_number() over (order by models.model_id_lower) as model_key,
    models.model_id,
    models.model_id_lower,
    models.hub_oid,
    models.owner,
    lower(models.owner) as owner_lower,
    models.repository_name,
    models.gated,
    models.pipeline_tag,
    models.library_name,
    models.license,
    models.card_relation,
    models.tag_signal,
    models.has_signals,
    models.downloads,
    models.downloads_all_time,
    models.likes,
    models.trending_score,
    models.safetensors_parameters,
    models.gguf_parameters,
    releases.n_owner_releases_before,
    bulk_owners.owner_lower is not null as is_bulk_owner,
    models.is_created_at_floor,
    models.created_us,
    models.released_us,
    models.created_at,
    models.last_modified_at
from models
left join releases on models.model_id_lower = releases.model_id_lower
left join bulk_owners on lower(models.owner) = bulk_owners.owner_lower

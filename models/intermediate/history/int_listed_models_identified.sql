-- One row per Hub model in the latest snapshot: its identity over all snapshots.
with latest as (
    select snapshot_id from {{ ref('stg_hub__snapshots') }}
    where is_latest
)

select
    models.model_key,
    repositories.repository_key,
    identities.identity_key
from {{ ref('int_models_listed') }} as models
inner join {{ ref('stg_hub__repositories') }} as repositories
    on coalesce(models.hub_oid, models.model_id_lower) = repositories.repository
inner join {{ ref('int_model_identities_linked') }} as identities on repositories.repository_key = identities.repository_key
inner join latest on identities.snapshot_id = latest.snapshot_id

-- One row per Hub model x complete snapshot.
-- A view: staging stores each snapshot once, as whole numbers; names are not stored again next to them.
{{ config(materialized=view_or_table()) }}
with snapshots as (
    select
        snapshot_id,
        snapshot_at
    from {{ ref('stg_hub__snapshots') }}
),

present as (
    select
        identified.identity_key,
        models.model_id
    from {{ ref('int_models_listed') }} as models
    inner join {{ ref('int_listed_models_identified') }} as identified on models.model_key = identified.model_key
),

compared as (
    select
        identities.snapshot_id,
        identities.identity_key,
        identities.version_key,
        identities.downloads,
        identities.downloads_all_time,
        identities.likes,
        identities.trending_score,
        case when linked.repository_key is null then identities.downloads_change else linked.downloads_change end
            as downloads_change,
        case when linked.repository_key is null then identities.downloads_all_time_change else linked.downloads_all_time_change end
            as downloads_all_time_change,
        case when linked.repository_key is null then identities.likes_change else linked.likes_change end
            as likes_change
    from {{ ref('int_model_identities_linked') }} as identities
    left join {{ ref('int_counters_linked_by_name') }} as linked
        on identities.snapshot_id = linked.snapshot_id and identities.repository_key = linked.repository_key
)

select
    snapshots.snapshot_id,
    snapshots.snapshot_at,
    versions.model_id,
    versions.hub_oid,
    present.model_id as present_model_id,
    compared.downloads,
    compared.downloads_all_time,
    compared.likes,
    compared.trending_score,
    compared.downloads_change,
    compared.downloads_all_time_change,
    compared.likes_change,
    case
        when compared.downloads_all_time_change is null then false
        when compared.downloads_all_time_change < 0 then true
        else false
    end as is_counter_reset
from compared
inner join snapshots on compared.snapshot_id = snapshots.snapshot_id
inner join {{ ref('stg_hub__versions') }} as versions on compared.version_key = versions.version_key
left join present on compared.identity_key = present.identity_key

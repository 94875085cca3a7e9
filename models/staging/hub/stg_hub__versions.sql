-- One row per version of a repository's metadata: the first item read with it.
{{ config(
    materialized=incremental_or_table(),
    on_schema_change='sync_all_columns',
    pre_hook='{{ forget_what_was_read_before() }}'
) }}
with said as (
    select
        repositories.repository_key,
        models.content_hash,
        models.snapshot_id,
        models.reading_number,
        models.model_key,
        models.model_id,
        models.hub_oid,
        models.license,
        models.created_at,
        snapshots.snapshot_at
    from {{ ref('stg_hub__models') }} as models
    inner join {{ ref('stg_hub__snapshots') }} as snapshots on models.snapshot_id = snapshots.snapshot_id
    inner join {{ ref('stg_hub__repositories') }} as repositories
        on coalesce(models.hub_oid, models.model_id_lower) = repositories.repository
    where {{ is_new_reading('models') }}
),

said_first as (
    select * from said
    {% if is_incremental() -%}
    where (repository_key, content_hash) not in (select (known.repository_key, known.content_hash) from {{ this }} as known)
    {%- endif %}
    qualify row_number() over (
        partition by repository_key, content_hash
        order by snapshot_at nulls first, snapshot_id
    ) = 1
),

numbered as (
    select
        -- In the order of reading: losing a snapshot also loses what was read after it.
        {% if is_incremental() -%}
        (select coalesce(max(known.version_key), 0) from {{ this }} as known) +
        {%- endif %}
        row_number() over (order by snapshot_at nulls first, snapshot_id, repository_key) as version_key,
        *
    from said_first
),

all_versions as (
    select
        repository_key,
        version_key,
        snapshot_id,
        model_key
    from numbered
    {% if is_incremental() -%}
    union all
    select
        repository_key,
        version_key,
        snapshot_id,
        model_key
    from {{ this }}
    where repository_key in (select numbered.repository_key from numbered)
    {%- endif %}
),

-- Only versions of the same repository are compared: in a first snapshot, none.
compared_repositories as (
    select repository_key from all_versions
    group by repository_key
    having count(*) > 1
),

claiming as (
    select
        versions.repository_key,
        versions.version_key,
        {{ digest_of([
            'models.model_id', 'models.base_model_tags', 'models.base_models', 'models.card_base_models', 'models.adapter_base_models',
            'models.card_text_base_models'
        ]) }} as claims_hash
    from all_versions as versions
    inner join compared_repositories as compared on versions.repository_key = compared.repository_key
    inner join {{ ref('stg_hub__models') }} as models
        on versions.snapshot_id = models.snapshot_id and versions.model_key = models.model_key
),

claims as (
    select
        version_key,
        min(version_key) over (partition by repository_key, claims_hash) as claims_key
    from claiming
)

select
    numbered.version_key,
    numbered.repository_key,
    numbered.content_hash,
    coalesce(claims.claims_key, numbered.version_key) as claims_key,
    numbered.snapshot_id,
    numbered.reading_number,
    numbered.model_key,
    numbered.model_id,
    numbered.hub_oid,
    numbered.license,
    numbered.created_at
from numbered
left join claims on numbered.version_key = claims.version_key

-- One row per pair of consecutive snapshots x repository that was added, removed or changed: the beginnings and ends of versions.
{{ config(
    materialized=incremental_or_table(),
    on_schema_change='sync_all_columns',
    pre_hook='{{ forget_other_pairs() }}'
) }}
with pairs as (
    select
        snapshot_id,
        reading_number,
        previous_snapshot_id,
        previous_reading_number
    from {{ ref('stg_hub__readings') }}
    where
        previous_snapshot_id is not null
        {% if is_incremental() -%}
        and snapshot_id not in (select held.snapshot_id from {{ this }} as held)
        {%- endif %}
),

-- Under one common name all weeks would be kept in memory, although only two are compared.
later as (
    select
        pairs.snapshot_id,
        sightings.repository_key,
        sightings.version_key
    from {{ ref('stg_hub__sightings') }} as sightings
    inner join pairs on sightings.snapshot_id = pairs.snapshot_id
),

earlier as (
    select
        pairs.snapshot_id,
        sightings.repository_key,
        sightings.version_key
    from {{ ref('stg_hub__sightings') }} as sightings
    inner join pairs on sightings.snapshot_id = pairs.previous_snapshot_id
),

compared as (
    select
        coalesce(later.snapshot_id, earlier.snapshot_id) as snapshot_id,
        coalesce(later.repository_key, earlier.repository_key) as repository_key,
        earlier.version_key as previous_version_key,
        later.version_key
    from later
    full join earlier
        on later.snapshot_id = earlier.snapshot_id and later.repository_key = earlier.repository_key
),

turned as (
    select * from compared
    where version_key is distinct from previous_version_key
)

select
    turned.snapshot_id,
    pairs.reading_number,
    pairs.previous_snapshot_id,
    pairs.previous_reading_number,
    turned.repository_key,
    turned.previous_version_key,
    turned.version_key
from turned
inner join pairs on turned.snapshot_id = pairs.snapshot_id
{% if keeps_order_of_rows() -%}
order by turned.snapshot_id, turned.repository_key
{%- endif %}

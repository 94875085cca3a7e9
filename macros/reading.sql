{#
    A digest of everything that determines the items of each complete snapshot: the snapshot's files, the SQL that reads,
    judges and keeps them, and the words that it looks for. Equal versions, equal items.
#}
{% macro snapshot_versions(reading) -%}
    select
        snapshot_id,
        md5(fingerprint || '{{ local_md5(reading ~ statements_on_items()) }}' || coalesce((
            select {{ joined_in_order("relation || ' ' || word", ', ') }}
            from {{ ref('relation_signals') }}
            where signal = 'tag'
        ), '') || coalesce((
            select {{ joined_in_order("placeholder", ', ') }}
            from {{ ref('placeholders') }}
        ), '')) as snapshot_version
    from {{ ref('stg_hub__snapshots') }}
{%- endmacro %}


{# The SQL that judges items and keeps their content, as written, with its formulas. #}
{% macro statements_on_items() -%}
    {%- set names = ['stg_hub__item_rejections', 'stg_hub__repositories', 'stg_hub__versions', 'stg_hub__sightings', 'stg_hub__turns'] -%}
    {%- set statements = (graph.nodes or {}).values() | selectattr('name', 'in', names) | sort(attribute='name') | map(attribute='raw_code') if execute -%}
    {{ (statements or []) | join }} {{ is_no_model('model_id') }} {{ is_repository_id('model_id') }}
{%- endmacro %}


{# The landed items to be read. Compiling or documenting the project opens no landing, so nothing is looked up then. #}
{% macro is_unread_snapshot(reading) -%}
    {%- if is_incremental() and execute and flags.WHICH in ['build', 'run'] -%}
    hub_models.snapshot_id in (null{% for snapshot in unread_snapshots(reading) %}, '{{ snapshot | replace("'", "''") }}'{% endfor %})
    {%- else -%}
    hub_models.snapshot_id in (select snapshots.snapshot_id from {{ ref('stg_hub__snapshots') }} as snapshots)
    {%- endif -%}
{%- endmacro %}


{#
    The snapshots to be read: those without a sighting from the same files, and the latest if some of its items
    are gone. Versions first read from them, or from snapshots that are gone, are lost, so everything read after
    them is read again too: versions are numbered in the order of reading.
#}
{% macro unread_snapshots(reading) -%}
    {%- set sightings = beside_items('stg_hub__sightings') -%}
    {%- set versions = beside_items('stg_hub__versions') -%}
    {%- if not (sightings and versions) -%}
    {{- return(run_query("select snapshot_id from (" ~ snapshot_versions(reading) ~ ") as present order by 1").rows | map(attribute="snapshot_id") | list) -}}
    {%- endif -%}
    {%- set changed -%}
    present as (
        {{ snapshot_versions(reading) }}
    ),

    seen as (
        select
            snapshot_id,
            snapshot_version,
            max(version_key) as last_version_key
        from {{ sightings }}
        group by snapshot_id, snapshot_version
    ),

    latest as (
        select snapshot_id from {{ ref('stg_hub__snapshots') }}
        where is_latest
    ),

    changed as (
        select present.snapshot_id
        from present
        left join seen on present.snapshot_id = seen.snapshot_id and present.snapshot_version = seen.snapshot_version
        where seen.snapshot_id is null
        union
        select snapshot_id from latest
        where
            (select count(*) from {{ this }} where snapshot_id in (select latest.snapshot_id from latest))
            != (select count(*) from {{ source('landing', 'hub_models') }} where snapshot_id in (select latest.snapshot_id from latest))
    )
    {%- endset -%}
    {{- return(run_query(
        "with " ~ changed ~ ", kept as (select snapshot_id from present where snapshot_id not in (select changed.snapshot_id from changed)), "
        ~ "lost as (select min(version_key) as version_key from " ~ versions ~ " where snapshot_id not in (select kept.snapshot_id from kept)) "
        ~ "select snapshot_id from present where snapshot_id in (select changed.snapshot_id from changed) "
        ~ "or snapshot_id in (select seen.snapshot_id from seen cross join lost where seen.last_version_key >= lost.version_key) "
        ~ "order by 1"
    ).rows | map(attribute="snapshot_id") | list) -}}
{%- endmacro %}


{# A table beside that of the items, as the last build left it; none if there was none. #}
{% macro beside_items(name) -%}
    {{ return(adapter.get_relation(database=this.database, schema=this.schema, identifier=name)) }}
{%- endmacro %}


{# The number of this reading: higher than that of all present items and sightings. #}
{% macro next_reading_number() -%}
    {%- if is_incremental() and execute and flags.WHICH in ['build', 'run'] -%}
    {%- set numbers = ["select 0 as reading_number"] -%}
    {%- if 'reading_number' in adapter.get_columns_in_relation(this) | map(attribute='name') -%}
    {%- do numbers.append("select max(reading_number) as reading_number from " ~ this) -%}
    {%- endif -%}
    {%- if beside_items('stg_hub__sightings') -%}
    {%- do numbers.append("select max(reading_number) as reading_number from " ~ beside_items('stg_hub__sightings')) -%}
    {%- endif -%}
    {{ (run_query("select max(reading_number) from (" ~ numbers | join(' union all ') ~ ") as numbers").rows[0][0]) + 1 }}
    {%- else -%}
    1
    {%- endif -%}
{%- endmacro %}


{# Deletes the items of snapshots that no longer exist, or no longer contain any. #}
{% macro forget_lost_snapshots() -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where snapshot_id not in (select landed.snapshot_id from {{ source('landing', 'hub_models') }} as landed)
    {%- endif -%}
{%- endmacro %}


{# Whether an item was read after all those from which the table that uses this was made. #}
{% macro is_new_reading(items) -%}
    {%- if is_incremental() -%}
    {{ items }}.reading_number > (select coalesce(max(held.reading_number), 0) from {{ this }} as held)
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}


{# Deletes rows from snapshots that are gone, or that have been read again since. #}
{% macro forget_what_was_read_before() -%}
    {%- set snapshots, items = ref('stg_hub__snapshots'), ref('stg_hub__items') -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where
        snapshot_id not in (select snapshots.snapshot_id from {{ snapshots }} as snapshots)
        or snapshot_id in (select items.snapshot_id from {{ items }} as items where {{ is_new_reading('items') }})
    {%- endif -%}
{%- endmacro %}


{# Deletes rows from two snapshots one of which is gone, was read again, or has another neighbour now. #}
{% macro forget_other_pairs() -%}
    {%- set readings = ref('stg_hub__readings') -%}
    {%- if is_incremental() -%}
    delete from {{ this }} as held
    where not exists (
        select 1
        from {{ readings }} as readings
        where
            held.snapshot_id = readings.snapshot_id
            and held.reading_number = readings.reading_number
            and held.previous_snapshot_id = readings.previous_snapshot_id
            and held.previous_reading_number is not distinct from readings.previous_reading_number
    )
    {%- endif -%}
{%- endmacro %}

{#
    What the items of each complete snapshot are a function of: the files of the snapshot, the
    statement that reads them, and the words that it looks for in tags. Equal versions, equal items.
#}
{% macro snapshot_versions(reading) -%}
    select
        snapshot_id,
        md5(fingerprint || '{{ local_md5(reading) }}' || coalesce((
            select {{ joined_in_order("relation || ' ' || word", ', ') }}
            from {{ ref('relation_signals') }}
            where signal = 'tag'
        ), '')) as snapshot_version
    from {{ ref('stg_hub__snapshots') }}
{%- endmacro %}


{# Which landed items are to be read: those of snapshots whose version is not there yet. #}
{% macro is_unread_snapshot(reading) -%}
    {%- if is_incremental() and execute -%}
    {%- set unread = run_query(
        "select snapshot_id from (" ~ snapshot_versions(reading) ~ ") as versions "
        ~ "where snapshot_version not in (select distinct snapshot_version from " ~ this ~ ") order by 1") -%}
    hub_models.snapshot_id in (null{% for row in unread.rows %}, '{{ row[0] | replace("'", "''") }}'{% endfor %})
    {%- else -%}
    hub_models.snapshot_id in (select snapshots.snapshot_id from {{ ref('stg_hub__snapshots') }} as snapshots)
    {%- endif -%}
{%- endmacro %}


{# Drops the items of snapshots that are no longer there, or hold no item any more. #}
{% macro forget_lost_snapshots() -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where snapshot_id not in (select landed.snapshot_id from {{ source('landing', 'hub_models') }} as landed)
    {%- endif -%}
{%- endmacro %}

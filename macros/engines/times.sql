{# Times in text, and as whole numbers, for both engines. #}

{#
    A time as the Hub or a dump writes it, as UTC timestamp; null where it is not a plausible time
    (`infinity`, `epoch`, the year 294000).
#}
{% macro utc_timestamp(text) -%}
    {{ return(adapter.dispatch('utc_timestamp', 'hub_lineage')(text)) }}
{%- endmacro %}


{% macro duckdb__utc_timestamp(text) -%}
    case
        when
            try_cast({{ text }} as timestamptz) > timestamptz '1970-01-01 00:00:00+00'
            and try_cast({{ text }} as timestamptz) <= timestamptz '9999-12-31 00:00:00+00'
            then cast(try_cast({{ text }} as timestamptz) at time zone 'UTC' as timestamp)
    end
{%- endmacro %}


{% macro spark__utc_timestamp(text) -%}
    case
        -- Spark would read a year alone, or a clock time, as a timestamp.
        when
            {{ matches(text, '^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ T][0-9]{1,2}:.*)?$') }}
            and try_cast({{ text }} as timestamp) > timestamp '1970-01-01 00:00:00'
            and try_cast({{ text }} as timestamp) <= timestamp '9999-12-31 00:00:00'
            then try_cast({{ text }} as timestamp)
    end
{%- endmacro %}


{# The time in the id of a snapshot, `20261003T131904Z`; null where there is none. #}
{% macro snapshot_time(snapshot_id) -%}
    {{ return(adapter.dispatch('snapshot_time', 'hub_lineage')(snapshot_id)) }}
{%- endmacro %}


{% macro duckdb__snapshot_time(snapshot_id) -%}
    try_strptime({{ snapshot_id }}, '%Y%m%dT%H%M%SZ')
{%- endmacro %}


{% macro spark__snapshot_time(snapshot_id) -%}
    try_to_timestamp({{ snapshot_id }}, 'yyyyMMdd\'T\'HHmmss\'Z\'')
{%- endmacro %}


{#
    Microseconds since 1970: the unit in which windows are measured. Whole numbers keep RANGE frames
    exact and equal on every engine.
#}
{% macro microseconds(timestamp) -%}
    {{ return(adapter.dispatch('microseconds', 'hub_lineage')(timestamp)) }}
{%- endmacro %}


{% macro duckdb__microseconds(timestamp) -%}
    epoch_us({{ timestamp }})
{%- endmacro %}


{% macro spark__microseconds(timestamp) -%}
    unix_micros({{ timestamp }})
{%- endmacro %}

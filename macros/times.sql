{#
    A time as the Hub or a dump writes it, as UTC timestamp; null where it is no time of this world
    (`infinity`, `epoch`, the year 294000).
#}
{% macro utc_timestamp(text) -%}
    {%- if target.type == 'spark' -%}
    case
        -- Spark would take a year alone, or a minute of today, for a time.
        when
            {{ matches(text, '^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ T][0-9]{1,2}:.*)?$') }}
            and try_cast({{ text }} as timestamp) > timestamp '1970-01-01 00:00:00'
            and try_cast({{ text }} as timestamp) <= timestamp '9999-12-31 00:00:00'
            then try_cast({{ text }} as timestamp)
    end
    {%- else -%}
    case
        when
            try_cast({{ text }} as timestamptz) > timestamptz '1970-01-01 00:00:00+00'
            and try_cast({{ text }} as timestamptz) <= timestamptz '9999-12-31 00:00:00+00'
            then cast(try_cast({{ text }} as timestamptz) at time zone 'UTC' as timestamp)
    end
    {%- endif -%}
{%- endmacro %}


{# The time that the id of a snapshot names, `20261003T131904Z`; null where it names none. #}
{% macro snapshot_time(snapshot_id) -%}
    {%- if target.type == 'spark' -%}
    try_to_timestamp({{ snapshot_id }}, 'yyyyMMdd\'T\'HHmmss\'Z\'')
    {%- else -%}
    try_strptime({{ snapshot_id }}, '%Y%m%dT%H%M%SZ')
    {%- endif -%}
{%- endmacro %}


{#
    Microseconds since 1970: the unit in which windows are measured. Whole numbers keep RANGE frames
    exact and equal on every engine.
#}
{% macro microseconds(timestamp) -%}
    {{ 'unix_micros' if target.type == 'spark' else 'epoch_us' }}({{ timestamp }})
{%- endmacro %}


{% macro days_in_microseconds(days) -%}
    {{ days }} * 86400000000
{%- endmacro %}


{# Fractional days between two times in microseconds. 86400000000.0 would be a decimal, which Spark divides to some digits only. #}
{% macro days_between(earlier, later) -%}
    ({{ later }} - {{ earlier }}) / 86400000000e0
{%- endmacro %}


{# Weeks since 1970, each from Monday to Sunday (UTC): a whole number that windows can range over. #}
{% macro week_number(microseconds) -%}
    cast(floor(({{ microseconds }} + {{ days_in_microseconds(3) }}) / 604800000000e0) as bigint)
{%- endmacro %}


{# The Monday on which a week begins. #}
{% macro week_beginning(week_number) -%}
    date '1969-12-29' + cast({{ week_number }} * 7 as integer)
{%- endmacro %}

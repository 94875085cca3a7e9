{#
    A time as the Hub or a dump writes it, as UTC timestamp; null where it is no time of this world
    (`infinity`, the year 294000).
#}
{% macro utc_timestamp(text) -%}
    case
        when try_cast({{ text }} as timestamptz) between timestamptz '1970-01-01 00:00:00+00' and timestamptz '9999-12-31 00:00:00+00'
            then cast(try_cast({{ text }} as timestamptz) at time zone 'UTC' as timestamp)
    end
{%- endmacro %}


{#
    Microseconds since 1970: the unit in which windows are measured. Whole numbers keep RANGE frames
    exact and equal on every engine.
#}
{% macro microseconds(timestamp) -%}
    epoch_us({{ timestamp }})
{%- endmacro %}


{% macro days_in_microseconds(days) -%}
    {{ days }} * 86400000000
{%- endmacro %}


{# Fractional days between two times in microseconds. #}
{% macro days_between(earlier, later) -%}
    ({{ later }} - {{ earlier }}) / 86400000000.0
{%- endmacro %}

{# The counters that are read at these ages, all 0 at creation. Downloads are those of the last 30 days, and may fall. #}
{% macro counters_at_ages() -%}
    {{ return(['likes', 'downloads', 'downloads_all_time']) }}
{%- endmacro %}


{# The columns <counter>_at_<days>d of a table of long values, for the counters and ages of the panel. #}
{% macro counters_at_horizons(counter='counter', horizon='horizon_days', value='value') -%}
    {%- for name in ['likes', 'downloads_all_time'] -%}
    {%- set is_last_counter = loop.last -%}
    {%- for days in [30, 90] -%}
    max(case when {{ counter }} = '{{ name }}' and {{ horizon }} = {{ days }} then {{ value }} end) as {{ name }}_at_{{ days }}d
    {{- '' if is_last_counter and loop.last else ',\n        ' }}
    {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}

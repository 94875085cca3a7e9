{#
    Means of fractions. DuckDB adds them up in an order, so that the same values give the same bits
    whatever the threads do; Spark has no such order and may differ in the last digits.
#}
{% macro mean_in_order(value, key) -%}
    avg({{ value }}{{ '' if target.type == 'spark' else ' order by ' ~ key }})
{%- endmacro %}


{# Standard deviation of a sample of fractions, added up in an order like the mean. #}
{% macro deviation_in_order(value, key) -%}
    stddev_samp({{ value }}{{ '' if target.type == 'spark' else ' order by ' ~ key }})
{%- endmacro %}


{# Whether a number is neither infinite nor NaN; null where there is none. #}
{% macro is_finite_value(number) -%}
    abs({{ number }}) < cast('infinity' as double)
{%- endmacro %}

{% macro days_in_microseconds(days) -%}
    {{ days }} * 86400000000
{%- endmacro %}


{# Fractional days between two times in microseconds. 86400000000.0 would be a decimal, which Spark divides to a few digits only. #}
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

{# The values of a group as an array in the order of a key; values of null are left out. #}
{% macro array_in_order(value, key) -%}
    list({{ value }} order by {{ key }}) filter (where {{ value }} is not null)
{%- endmacro %}


{# The values of a group as one text, in their own order. #}
{% macro joined_in_order(value, separator) -%}
    string_agg({{ value }}, '{{ separator }}' order by {{ value }})
{%- endmacro %}


{# Several values as one record, so that one pick picks them all. #}
{% macro record_of(fields) -%}
    struct_pack({% for name, value in fields.items() %}{{ name }} := {{ value }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

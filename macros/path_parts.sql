{# Of walkers at a node, how many go one of its ways: whole ones only. #}
{% macro path_parts(parts, n_ways, n_all_ways) -%}
    cast(floor({{ parts }} * {{ n_ways }} / {{ n_all_ways }}) as bigint)
{%- endmacro %}

{# The number of walkers at a node who take one of its steps, as a whole number. #}
{% macro path_parts(parts, n_ways, n_all_ways) -%}
    cast(floor({{ parts }} * {{ n_ways }} / {{ n_all_ways }}) as bigint)
{%- endmacro %}

{#
    Parameters named in a repository's name (7b, 0.5B, 135M, 8x7B), in units; null where there are none.
    8x7B counts as 56 billion, an upper bound: its experts share layers. 4bit, 4k, b16 and A3B
    (active parameters) are not sizes (docs/definitions.md#size). The name is searched once and the size then parsed:
    with a search for each part of it int_model_sizes_resolved took 1.3 times as long.
#}
{% macro parameters_in_name(name) -%}
    {%- set pattern = "(?:^|[-_ ])((?:[0-9]{1,3}x)?[0-9]{1,4}(?:[._][0-9]{1,3})?[mbt])(?:$|[-_. ])" -%}
    {%- set size = "regexp_extract(lower(" ~ name ~ "), '" ~ pattern ~ "', 1)" -%}
    {%- set unit = "right(" ~ size ~ ", 1)" -%}
    cast(round(
        case when contains({{ size }}, 'x') then cast(split_part({{ size }}, 'x', 1) as double) else 1 end
        * try_cast(replace(split_part(left({{ size }}, length({{ size }}) - 1), 'x', -1), '_', '.') as double)
        * case {{ unit }}
            when 'm' then 1000000.0
            when 'b' then 1000000000.0
            when 't' then 1000000000000.0
        end
    ) as bigint)
{%- endmacro %}

{#
    Parameters named in a repository's name (7b, 0.5B, 135M, 8x7B), in units; null where none is.
    8x7B counts as 56 billion, an upper bound: its experts share layers. 4bit, 4k, b16 and A3B
    (active parameters) are not sizes (hub.md 8.4).
#}
{% macro parameters_in_name(name) -%}
    {%- set pattern = "(?:^|[-_ ])(?:([0-9]{1,3})x)?([0-9]{1,4}(?:[._][0-9]{1,3})?)([mbt])(?:$|[-_. ])" -%}
    cast(round(
        coalesce(try_cast(regexp_extract(lower({{ name }}), '{{ pattern }}', 1) as double), 1)
        * try_cast(replace(regexp_extract(lower({{ name }}), '{{ pattern }}', 2), '_', '.') as double)
        * case regexp_extract(lower({{ name }}), '{{ pattern }}', 3)
            when 'm' then 1000000.0
            when 'b' then 1000000000.0
            when 't' then 1000000000000.0
        end
    ) as bigint)
{%- endmacro %}

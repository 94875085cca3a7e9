{#
    One whole number for a landed item, unique in its snapshot: the number of its part, then its row
    there. Joins on keys avoid comparing ids letter by letter.
#}
{% macro item_key(part_number, part_row) -%}
    {{ part_number }} * 4294967296 + {{ part_row }}
{%- endmacro %}

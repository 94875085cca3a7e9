{#
    One whole number for a landed item, unique in its snapshot: the number of its part, then its row
    there. Keys are joined where ids would be compared letter by letter.
#}
{% macro item_key(part_number, part_row) -%}
    {{ part_number }} * 4294967296 + {{ part_row }}
{%- endmacro %}

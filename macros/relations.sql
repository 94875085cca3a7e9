{#
    Relations in the order in which one wins over another where a child has several: the last of
    finetune, quantized, adapter, merge, as Laufer et al. choose (arXiv 2508.06811); unknown never wins.
#}
{% macro relation_number(relation) -%}
    case {{ relation }}
        when 'merge' then 4
        when 'adapter' then 3
        when 'quantized' then 2
        when 'finetune' then 1
        when 'unknown' then 0
    end
{%- endmacro %}


{% macro relation_word(relation_number) -%}
    case {{ relation_number }}
        when 4 then 'merge'
        when 3 then 'adapter'
        when 2 then 'quantized'
        when 1 then 'finetune'
        when 0 then 'unknown'
    end
{%- endmacro %}

{#
    Lists, as far as models need them, in the words of both engines. Lists and JSON end in staging;
    later steps hold sets of keys and the evidence of an edge.
#}

{# The values of a group as an array in the order of a key; values of null are left out. #}
{% macro array_in_order(value, key) -%}
    {%- if target.type == 'spark' -%}
    transform(
        array_sort(collect_list(struct({{ key }} as place, {{ value }} as value)) filter (where {{ value }} is not null)),
        entry -> entry.value
    )
    {%- else -%}
    list({{ value }} order by {{ key }}) filter (where {{ value }} is not null)
    {%- endif -%}
{%- endmacro %}


{# The values of a group as one text, in their own order. #}
{% macro joined_in_order(value, separator) -%}
    {%- if target.type == 'spark' -%}
    listagg({{ value }}, '{{ separator }}') within group (order by {{ value }})
    {%- else -%}
    string_agg({{ value }}, '{{ separator }}' order by {{ value }})
    {%- endif -%}
{%- endmacro %}


{# One row for each value of a list; none for an empty list or null. Stands alone in a select list. #}
{% macro each_value(values) -%}
    {{ 'explode' if target.type == 'spark' else 'unnest' }}({{ values }})
{%- endmacro %}


{# A list of one value. #}
{% macro list_of(value) -%}
    {%- if target.type == 'spark' -%} array({{ value }}) {%- else -%} [{{ value }}] {%- endif -%}
{%- endmacro %}


{# The first value of a list; null where there is none. #}
{% macro first_value_of(values) -%}
    {%- if target.type == 'spark' -%} get({{ values }}, 0) {%- else -%} {{ values }}[1] {%- endif -%}
{%- endmacro %}


{# The texts of a list, in lower case, that stand in another list. #}
{% macro lower_values_among(texts, known) -%}
    {%- if target.type == 'spark' -%}
    filter(transform({{ texts }}, text -> lower(text)), text -> array_contains({{ known }}, text))
    {%- else -%}
    list_transform(
        list_filter({{ texts }}, lambda text: list_contains({{ known }}, lower(text))),
        lambda text: lower(text)
    )
    {%- endif -%}
{%- endmacro %}


{# The texts of a list that begin with some letters. #}
{% macro values_beginning_with(texts, beginning) -%}
    {%- if target.type == 'spark' -%}
    filter({{ texts }}, text -> startswith(text, '{{ beginning }}'))
    {%- else -%}
    list_filter({{ texts }}, lambda text: starts_with(text, '{{ beginning }}'))
    {%- endif -%}
{%- endmacro %}


{# Whether two lists share a value. #}
{% macro share_a_value(some, others) -%}
    {{ 'arrays_overlap' if target.type == 'spark' else 'list_has_any' }}({{ some }}, {{ others }})
{%- endmacro %}


{# Whether a list holds a value. #}
{% macro contains_value(values, value) -%}
    {{ 'array_contains' if target.type == 'spark' else 'list_contains' }}({{ values }}, {{ value }})
{%- endmacro %}


{# Whether a list holds nothing. #}
{% macro is_empty(values) -%}
    {{ 'size' if target.type == 'spark' else 'len' }}({{ values }}) = 0
{%- endmacro %}


{# How many values a list holds; null where there is none. #}
{% macro number_of(values) -%}
    case when ({{ values }}) is not null then {{ 'size' if target.type == 'spark' else 'len' }}({{ values }}) end
{%- endmacro %}


{# A list that holds something, or null. #}
{% macro null_if_empty(values) -%}
    {%- if target.type == 'spark' -%}
    case when size({{ values }}) > 0 then {{ values }} end
    {%- else -%}
    nullif({{ values }}, [])
    {%- endif -%}
{%- endmacro %}


{# Several values as one record, so that one pick picks them all. #}
{% macro record_of(fields) -%}
    {%- if target.type == 'spark' -%}
    struct({% for name, value in fields.items() %}{{ value }} as {{ name }}{{ ', ' if not loop.last }}{% endfor %})
    {%- else -%}
    struct_pack({% for name, value in fields.items() %}{{ name }} := {{ value }}{{ ', ' if not loop.last }}{% endfor %})
    {%- endif -%}
{%- endmacro %}

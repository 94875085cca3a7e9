{#
    The list functions that models need, for both engines. Lists and JSON end in staging;
    later steps have only sets of keys and the evidence of an edge.
#}

{# The values of a group as an array in the order of a key; nulls are left out. #}
{% macro array_in_order(value, key) -%}
    {{ return(adapter.dispatch('array_in_order', 'hub_lineage')(value, key)) }}
{%- endmacro %}


{% macro duckdb__array_in_order(value, key) -%}
    list({{ value }} order by {{ key }}) filter (where {{ value }} is not null)
{%- endmacro %}


{% macro spark__array_in_order(value, key) -%}
    transform(
        array_sort(collect_list(struct({{ key }} as place, {{ value }} as value)) filter (where {{ value }} is not null)),
        entry -> entry.value
    )
{%- endmacro %}


{# The values of a group as one text, in their own order. #}
{% macro joined_in_order(value, separator) -%}
    {{ return(adapter.dispatch('joined_in_order', 'hub_lineage')(value, separator)) }}
{%- endmacro %}


{% macro duckdb__joined_in_order(value, separator) -%}
    string_agg({{ value }}, '{{ separator }}' order by {{ value }})
{%- endmacro %}


{% macro spark__joined_in_order(value, separator) -%}
    listagg({{ value }}, '{{ separator }}') within group (order by {{ value }})
{%- endmacro %}


{# One row for each value of a list; none for an empty list or null. Must be alone in a select list. #}
{% macro each_value(values) -%}
    {{ return(adapter.dispatch('each_value', 'hub_lineage')(values)) }}
{%- endmacro %}


{% macro duckdb__each_value(values) -%}
    unnest({{ values }})
{%- endmacro %}


{% macro spark__each_value(values) -%}
    explode({{ values }})
{%- endmacro %}


{# A list of one value. #}
{% macro list_of(value) -%}
    {{ return(adapter.dispatch('list_of', 'hub_lineage')(value)) }}
{%- endmacro %}


{% macro duckdb__list_of(value) -%}
    [{{ value }}]
{%- endmacro %}


{% macro spark__list_of(value) -%}
    array({{ value }})
{%- endmacro %}


{# The first value of a list; null where there is none. #}
{% macro first_value_of(values) -%}
    {{ return(adapter.dispatch('first_value_of', 'hub_lineage')(values)) }}
{%- endmacro %}


{% macro duckdb__first_value_of(values) -%}
    {{ values }}[1]
{%- endmacro %}


{% macro spark__first_value_of(values) -%}
    get({{ values }}, 0)
{%- endmacro %}


{# The texts of a list, in lower case, that are in another list. #}
{% macro lower_values_among(texts, known) -%}
    {{ return(adapter.dispatch('lower_values_among', 'hub_lineage')(texts, known)) }}
{%- endmacro %}


{% macro duckdb__lower_values_among(texts, known) -%}
    list_transform(
        list_filter({{ texts }}, lambda text: list_contains({{ known }}, lower(text))),
        lambda text: lower(text)
    )
{%- endmacro %}


{% macro spark__lower_values_among(texts, known) -%}
    filter(transform({{ texts }}, text -> lower(text)), text -> array_contains({{ known }}, text))
{%- endmacro %}


{# The texts of a list that begin with given letters. #}
{% macro values_beginning_with(texts, beginning) -%}
    {{ return(adapter.dispatch('values_beginning_with', 'hub_lineage')(texts, beginning)) }}
{%- endmacro %}


{% macro duckdb__values_beginning_with(texts, beginning) -%}
    list_filter({{ texts }}, lambda text: starts_with(text, '{{ beginning }}'))
{%- endmacro %}


{% macro spark__values_beginning_with(texts, beginning) -%}
    filter({{ texts }}, text -> startswith(text, '{{ beginning }}'))
{%- endmacro %}


{# Whether two lists share a value. #}
{% macro share_a_value(some, others) -%}
    {{ return(adapter.dispatch('share_a_value', 'hub_lineage')(some, others)) }}
{%- endmacro %}


{% macro duckdb__share_a_value(some, others) -%}
    list_has_any({{ some }}, {{ others }})
{%- endmacro %}


{% macro spark__share_a_value(some, others) -%}
    arrays_overlap({{ some }}, {{ others }})
{%- endmacro %}


{# Whether a list contains a value. #}
{% macro contains_value(values, value) -%}
    {{ 'array_contains' if target.type == 'spark' else 'list_contains' }}({{ values }}, {{ value }})
{%- endmacro %}


{# Whether a list is empty. #}
{% macro is_empty(values) -%}
    {{ return(adapter.dispatch('is_empty', 'hub_lineage')(values)) }}
{%- endmacro %}


{% macro duckdb__is_empty(values) -%}
    len({{ values }}) = 0
{%- endmacro %}


{% macro spark__is_empty(values) -%}
    size({{ values }}) = 0
{%- endmacro %}


{# The number of values in a list; null where there is no list. #}
{% macro number_of(values) -%}
    {{ return(adapter.dispatch('number_of', 'hub_lineage')(values)) }}
{%- endmacro %}


{% macro duckdb__number_of(values) -%}
    case when ({{ values }}) is not null then len({{ values }}) end
{%- endmacro %}


{% macro spark__number_of(values) -%}
    case when ({{ values }}) is not null then size({{ values }}) end
{%- endmacro %}


{# A list with at least one value, or null. #}
{% macro null_if_empty(values) -%}
    {{ return(adapter.dispatch('null_if_empty', 'hub_lineage')(values)) }}
{%- endmacro %}


{% macro duckdb__null_if_empty(values) -%}
    nullif({{ values }}, [])
{%- endmacro %}


{% macro spark__null_if_empty(values) -%}
    case when size({{ values }}) > 0 then {{ values }} end
{%- endmacro %}


{# Several values as one record, so that one pick takes them all. #}
{% macro record_of(fields) -%}
    {{ return(adapter.dispatch('record_of', 'hub_lineage')(fields)) }}
{%- endmacro %}


{% macro duckdb__record_of(fields) -%}
    struct_pack({% for name, value in fields.items() %}{{ name }} := {{ value }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}


{% macro spark__record_of(fields) -%}
    struct({% for name, value in fields.items() %}{{ value }} as {{ name }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{#
    The rows of a seed. dbt-spark writes each value between plain quotes, where an apostrophe ends the text, and an empty field as
    the word None; this replaces its macro.
#}
{% macro spark__load_csv_rows(model, agate_table) -%}
    {%- set types = model['config'].get('column_types', {}) -%}
    {%- set rows -%}
        insert into {{ this }} values
        {% for row in agate_table.rows -%}
            (
            {%- for column in agate_table.column_names -%}
                {%- set type = types.get(column, adapter.convert_type(agate_table, loop.index0)) -%}
                cast({{ 'null' if row[column] is none else text_on_spark(row[column] | string) }} as {{ type }}){{ ', ' if not loop.last }}
            {%- endfor -%}
            ){{ ',' if not loop.last }}
        {% endfor %}
    {%- endset -%}
    {%- do adapter.add_query(rows, abridge_sql_log=True) -%}
    {{ return(rows) }}
{%- endmacro %}

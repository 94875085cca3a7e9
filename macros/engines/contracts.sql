{#
    The columns of a contract as a query without rows, which dbt holds a mart against. Contracts spell types as DuckDB does, and
    Spark reads all of them but lists; this takes the place of dbt's own macro there.
#}
{% macro spark__get_empty_schema_sql(columns) -%}
    {%- set spelled = {} -%}
    {%- for name, column in columns.items() -%}
    {%- do spelled.update({name: dict(column, data_type=column['data_type'] | replace('varchar[]', 'array<string>'))}) -%}
    {%- endfor -%}
    {{ return(dbt.default__get_empty_schema_sql(spelled)) }}
{%- endmacro %}

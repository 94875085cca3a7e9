{#
    The columns of a contract as a query without rows, with which dbt compares a mart. Contracts spell types as DuckDB does, and
    Spark reads all of them except lists; this replaces dbt's own macro there.
#}
{% macro spark__get_empty_schema_sql(columns) -%}
    {%- set spelled = {} -%}
    {%- for name, column in columns.items() -%}
    {%- do spelled.update({name: dict(column, data_type=column['data_type'] | replace('varchar[]', 'array<string>'))}) -%}
    {%- endfor -%}
    {{ return(dbt.default__get_empty_schema_sql(spelled)) }}
{%- endmacro %}

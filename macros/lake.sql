{#
    The options of a lake, set before anything is built into it, for all later writers: small changes are written as files,
    too. If they were kept in the catalog, DuckLake's default, some conflicting deletes of two writers would go unnoticed, and
    deleted rows would come back.
#}
{% macro lake_options() %}
    {% if target.name == 'lake' and flags.WHICH in ['build', 'run', 'seed'] %}
        {{ return("call lake.set_option('data_inlining_row_limit', 0)") }}
    {% endif %}
    {{ return('') }}
{% endmacro %}

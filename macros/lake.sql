{#
    What a lake is told before anything is built into it, for all who write to it from then on: small changes are files,
    too. Kept in the catalog, as DuckLake would, deletes of two writers are not all seen to meet, and deleted rows come back.
#}
{% macro lake_options() %}
    {% if target.name == 'lake' and flags.WHICH in ['build', 'run', 'seed'] %}
        {{ return("call lake.set_option('data_inlining_row_limit', 0)") }}
    {% endif %}
    {{ return('') }}
{% endmacro %}

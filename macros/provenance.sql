{#
    Notes which snapshot the rows of each model are of: the latest one where all of the landing was built; where a
    part was built upon an earlier database, each model has what the models behind it had. build.py names it
    in the exports, so that nobody takes an old mart for a new one. JSON: snapshot -> its time.
#}
{% macro note_snapshots() %}
    {%- if execute and target.name == 'file' and flags.WHICH in ['build', 'run'] -%}
    {%- do run_query("create table if not exists main.snapshots_of_models (model string, snapshots string)") -%}
    {%- set noted = {} -%}
    {%- for row in run_query("select model, snapshots from main.snapshots_of_models").rows -%}
        {%- do noted.update({row['model']: fromjson(row['snapshots'])}) -%}
    {%- endfor -%}
    {%- for result in results if result.node.resource_type == 'model' and result.status == 'success' -%}
        {%- do noted.update({result.node.name: snapshots_behind(result.node, noted)}) -%}
    {%- endfor -%}
    {%- if noted -%}
    create or replace table main.snapshots_of_models as
    select * from (
        values
        {%- for model, snapshots in noted.items() %}
        ('{{ model }}', '{{ tojson(snapshots) | replace("'", "''") }}'){{ ',' if not loop.last }}
        {%- endfor %}
    ) as noted (model, snapshots)
    {%- endif -%}
    {%- endif -%}
{% endmacro %}


{# The snapshots behind a model that was built just now, from what is noted of those before it. A view has what its tables have. #}
{% macro snapshots_behind(node, noted) %}
    {%- set found = {} -%}
    {%- if node.name == 'stg_hub__snapshots' -%}
        {%- for row in run_query(
            "select snapshot_id, coalesce(cast(snapshot_at as string), '') as snapshot_at from staging.stg_hub__snapshots where is_latest"
        ).rows -%}
            {%- do found.update({row['snapshot_id']: row['snapshot_at']}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- for parent in node.depends_on.nodes if parent in graph.nodes and graph.nodes[parent].resource_type == 'model' -%}
        {%- if graph.nodes[parent].config.materialized == 'view' -%}
            {%- do found.update(snapshots_behind(graph.nodes[parent], noted)) -%}
        {%- else -%}
            {%- do found.update(noted.get(graph.nodes[parent].name, {})) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(found) -}}
{% endmacro %}

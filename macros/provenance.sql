{#
    Records which snapshot each model's rows come from: the latest one if everything was built; if only a
    part was built on an earlier database, the snapshots of the models before it. build.py writes it
    into the exports, so that an old mart is not taken for a new one. JSON: snapshot -> its time.
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


{# The snapshots of a model that was just built, from the records of the models before it. A view has those of its tables. #}
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

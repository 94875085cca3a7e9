{# Folder of the landing: HUB_LANDING, by default the sample that comes with the project. #}
{% macro landing_folder() -%}
    {{ return(env_var('HUB_LANDING', 'sample')) }}
{%- endmacro %}


{#
    Runs before anything is built: a landing without a complete snapshot stops the run here, with
    one line that says what to do, and leaves what stood before as it was.
#}
{% macro check_landing() %}
    {% if execute and flags.WHICH in ['build', 'run', 'test', 'snapshot'] %}
        {% set landing = landing_folder() %}
        {% set quoted = landing | replace("'", "''") %}
        {% set manifests = run_query("select count(*) from glob('" ~ quoted ~ "/hub_models/*/_manifest.json')") %}
        {% if manifests.rows[0][0] == 0 %}
            {% do exceptions.raise_compiler_error(
                "no landing at " ~ landing ~ ": set HUB_LANDING to a folder that holds hub_models/snapshot_id=*/_manifest.json, "
                ~ "or make one with `python -m loaders import`") %}
        {% endif %}
        {% set complete = run_query(
            "select count(*) from read_text('" ~ quoted ~ "/hub_models/*/_manifest.json') where try(json_extract_string(content, '$.status')) = 'complete'") %}
        {% if complete.rows[0][0] == 0 %}
            {% do exceptions.raise_compiler_error(
                "no complete snapshot in " ~ landing ~ ": " ~ manifests.rows[0][0] ~ " snapshot(s) there, none with status 'complete' in its _manifest.json; "
                ~ "finish the crawl or import a snapshot") %}
        {% endif %}
    {% endif %}
{% endmacro %}

{#
    The landing as Spark reads it. Spark does not see files whose names begin with an underscore, as
    manifests do, and has no list of files: both stand in the landing's catalog, which
    `python -m loaders catalog` writes.
#}

{# A pattern for files of the landing, as Spark's `format`.`path`. Signs of the folder's own name stand for themselves. #}
{% macro landed_parquet(path) -%}
    {% set folder = namespace(name=landing_folder()) %}
    {% for sign in ['\\', '[', ']', '{', '}', '*', '?'] %}
        {% set folder.name = folder.name | replace(sign, '\\' ~ sign) %}
    {% endfor %}
    {{ return("parquet.`" ~ (folder.name ~ "/" ~ path) | replace("`", "``") ~ "`") }}
{%- endmacro %}


{# A text for Spark, which takes a backslash for the beginning of an escape. #}
{% macro text_on_spark(text) -%}
    {{ return("'" ~ text | replace('\\', '\\\\') | replace("'", "\\'") ~ "'") }}
{%- endmacro %}


{# The landing's catalog as it is at this moment, as a table: what is landed while dbt runs is no part of the build. #}
{% macro keep_catalog_on_spark() %}
    {% do run_query("create schema if not exists landing") %}
    {% do run_query("drop table if exists landing.catalog") %}
    {% do run_query("create table landing.catalog using parquet as select * from " ~ landed_parquet('catalog')) %}
{% endmacro %}


{# One row per snapshot in the landing: what its manifest says, and whether it has parts. #}
{% macro landed_snapshots_on_spark() %}
    select
        regexp_extract(file, '(snapshot_id=[^/]+)/', 1) as folder,
        max(get_json_object(content, '$')) is not null as is_manifest_json,
        max(get_json_object(content, '$.status')) as status,
        -- Only what our own loaders promise is held against the parts.
        max(case
            when get_json_object(content, '$.parts[0]') is not null
                then try_cast(get_json_object(content, '$.rows') as bigint)
        end) as n_promised,
        nullif(count_if(file like '%.parquet'), 0) as parts
    from landing.catalog
    where file like 'hub_models/%'
    group by folder
    having count_if(file like '%/_manifest.json') > 0
    order by folder
{% endmacro %}


{# The source `landing` as views: the parts of complete snapshots, and what the catalog says of the files. #}
{% macro open_landing_on_spark(snapshots) %}
    {% set parts = [] %}
    {% set manifests = [] %}
    {% for snapshot in snapshots %}
        {% do manifests.append("'hub_models/" ~ snapshot['folder'] ~ "/_manifest.json'") %}
        {% do parts.append(
            "select '" ~ snapshot['folder'].split('=', 1)[1] ~ "' as snapshot_id, hub_oid, model_id, raw_json, is_json_valid, page_number, "
            ~ "item_number, fetched_at, source, _metadata.file_path as filename, _metadata.row_index as file_row_number "
            ~ "from " ~ landed_parquet('hub_models/' ~ snapshot['folder'] ~ '/part-*.parquet')) %}
    {% endfor %}
    {% do run_query("create or replace view landing.hub_models as " ~ parts | join(' union all ')) %}
    {% do run_query(
        "create or replace view landing.snapshot_parts as select file as filename, size, last_modified "
        ~ "from landing.catalog where file like 'hub_models/%.parquet'") %}
    {% do run_query(
        "create or replace view landing.snapshot_manifests as select file as filename, content "
        ~ "from landing.catalog where file in (" ~ manifests | join(', ') ~ ")") %}
{% endmacro %}


{# A query of all rows in the files of a table that a landing may lack; nothing if there is no file. #}
{% macro rows_of_landed_files_on_spark(table) %}
    {% set n_files = run_query("select count(*) from landing.catalog where file like '" ~ table ~ "/%.parquet'").rows[0][0] %}
    {% if n_files > 0 %}
    {% do run_query("drop table if exists landing." ~ table ~ "_files") %}
    {% do run_query(
        "create table landing." ~ table ~ "_files using parquet "
        ~ "options (path " ~ text_on_spark(landing_folder() ~ "/" ~ table) ~ ", mergeSchema 'true')") %}
    {{ return(
        "select *, _metadata.file_path as filename, _metadata.row_index as file_row_number from landing." ~ table ~ "_files") }}
    {% endif %}
{% endmacro %}

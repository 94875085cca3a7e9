{#
    The landing as each engine reads it. Spark ignores files whose names begin with an underscore, such as
    manifests, and cannot list files: both are in the landing's catalog, which
    `python -m loaders catalog` writes.
#}

{# The schema in which the tables of the source `landing` are opened. #}
{% macro landing_schema() -%}
    {{ return(adapter.dispatch('landing_schema', 'hub_lineage')()) }}
{%- endmacro %}


{% macro duckdb__landing_schema() -%}
    {{ return('hub_landing.landing') }}
{%- endmacro %}


{% macro spark__landing_schema() -%}
    {{ return('landing') }}
{%- endmacro %}


{#
    The manifests as they are at this moment, as a table, so that a crawl that finishes while dbt runs changes
    nothing. Parts are listed afterwards, when all those of a complete snapshot are there.
#}
{% macro open_manifests() -%}
    {{ return(adapter.dispatch('open_manifests', 'hub_lineage')()) }}
{%- endmacro %}


{% macro duckdb__open_manifests() %}
    {% set files = [] %}
    {% for snapshot in snapshots_to_read() or ['*'] %}
        {% set folder = 'hub_models/snapshot_id=' ~ (snapshot if snapshot == '*' else literal_in_pattern(snapshot)) %}
        {% do files.append(landing_pattern('_manifest.json', folder)) %}
    {% endfor %}
    {% do run_query("attach if not exists ':memory:' as hub_landing") %}
    {% do run_query("create schema if not exists hub_landing.landing") %}
    {% do run_query(
        "create or replace table hub_landing.landing.snapshot_manifests as "
        ~ "select filename, content from read_text([" ~ files | join(', ') ~ "])") %}
{% endmacro %}


{% macro spark__open_manifests() %}
    {% do run_query("create schema if not exists landing") %}
    {% do run_query("drop table if exists landing.landed_files") %}
    {% do run_query("create table landing.landed_files using parquet as select * from " ~ landed_parquet('catalog')) %}
{% endmacro %}


{# One row per snapshot in the landing: the content of its manifest, and its parts as a list of SQL texts. #}
{% macro landed_snapshots() -%}
    {{ return(adapter.dispatch('landed_snapshots', 'hub_lineage')()) }}
{%- endmacro %}


{% macro duckdb__landed_snapshots() %}
    with manifests as (
        select
            regexp_extract(filename, '(snapshot_id=[^/]+)/_manifest[.]json$', 1) as folder,
            json_valid(content) as is_manifest_json,
            case when json_valid(content) then content end as manifest
        from hub_landing.landing.snapshot_manifests
    ),

    files as (
        select
            regexp_extract(file, '(snapshot_id=[^/]+)/[^/]+$', 1) as folder,
            -- A bracket or a star in a name would be read as a pattern.
            '''' || replace(replace(replace(replace(file, '''', ''''''), '[', '[[]'), '*', '[*]'), '?', '[?]') || '''' as quoted_file
        from glob({{ landing_pattern('part-*.parquet') }})
    )

    select
        manifests.folder,
        manifests.is_manifest_json,
        json_extract_string(manifests.manifest, '$.status') as status,
        json_extract_string(manifests.manifest, '$.started_at') as started_at,
        -- Only manifests of our own loaders are compared with the parts.
        case
            when json_array_length(manifests.manifest, '$.parts') > 0
                then try_cast(json_extract_string(manifests.manifest, '$.rows') as bigint)
        end as n_promised,
        string_agg(files.quoted_file, ', ' order by files.quoted_file) as parts
    from manifests
    left join files on manifests.folder = files.folder
    group by all
    order by manifests.folder
{% endmacro %}


{% macro spark__landed_snapshots() %}
    select
        regexp_extract(file, '(snapshot_id=[^/]+)/', 1) as folder,
        max(get_json_object(content, '$')) is not null as is_manifest_json,
        max(get_json_object(content, '$.status')) as status,
        max(get_json_object(content, '$.started_at')) as started_at,
        -- Only manifests of our own loaders are compared with the parts.
        max(case
            when get_json_object(content, '$.parts[0]') is not null
                then try_cast(get_json_object(content, '$.rows') as bigint)
        end) as n_promised,
        nullif(count_if(file like '%.parquet'), 0) as parts
    from landing.landed_files
    where file like 'hub_models/%'
    group by folder
    having count_if(file like '%/_manifest.json') > 0
    order by folder
{% endmacro %}


{#
    The snapshots' rows, their manifests and their parts under the names of the source. On DuckDB they are in a separate
    database in memory, so that no path is left in the database file.
#}
{% macro open_snapshots(snapshots) -%}
    {{ return(adapter.dispatch('open_snapshots', 'hub_lineage')(snapshots)) }}
{%- endmacro %}


{% macro duckdb__open_snapshots(snapshots) %}
    {% set parts = snapshots | map(attribute='parts') | join(', ') %}
    {% do run_query(
        "create or replace view hub_landing.landing.hub_models as select * from read_parquet([" ~ parts ~ "], "
        ~ "hive_partitioning = true, hive_types_autocast = false, filename = true, file_row_number = true)") %}
    {% do run_query(
        "create or replace table hub_landing.landing.snapshot_parts as "
        ~ "select filename, size, last_modified from read_blob([" ~ parts ~ "])") %}
{% endmacro %}


{% macro spark__open_snapshots(snapshots) %}
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
        ~ "from landing.landed_files where file like 'hub_models/%.parquet'") %}
    {% do run_query(
        "create or replace view landing.snapshot_manifests as select file as filename, content "
        ~ "from landing.landed_files where file in (" ~ manifests | join(', ') ~ ")") %}
{% endmacro %}


{# A query of all rows in the files of a table that may be missing from a landing; nothing if there is no file. #}
{% macro rows_of_landed_files(table) -%}
    {{ return(adapter.dispatch('rows_of_landed_files', 'hub_lineage')(table)) }}
{%- endmacro %}


{% macro duckdb__rows_of_landed_files(table) %}
    {% set files = [] %}
    {% for file in run_query("select file from glob(" ~ landing_pattern('*.parquet', table) ~ ") order by file").columns[0].values() %}
        {% do files.append("'" ~ literal_in_pattern(file) | replace("'", "''") ~ "'") %}
    {% endfor %}
    {% if files %}
    {{ return(
        "select * from read_parquet([" ~ files | join(', ') ~ "], union_by_name = true, filename = true, file_row_number = true)") }}
    {% endif %}
{% endmacro %}


{% macro spark__rows_of_landed_files(table) %}
    {% set n_files = run_query("select count(*) from landing.landed_files where file like '" ~ table ~ "/%.parquet'").rows[0][0] %}
    {% if n_files > 0 %}
    {% do run_query("drop table if exists landing." ~ table ~ "_files") %}
    {% do run_query(
        "create table landing." ~ table ~ "_files using parquet "
        ~ "options (path " ~ text_on_spark(landing_folder() ~ "/" ~ table) ~ ", mergeSchema 'true')") %}
    {{ return(
        "select *, _metadata.file_path as filename, _metadata.row_index as file_row_number from landing." ~ table ~ "_files") }}
    {% endif %}
{% endmacro %}


{# A pattern for files of the landing, as Spark's `format`.`path`. Signs of the folder's own name are literal. #}
{% macro landed_parquet(path) -%}
    {% set folder = namespace(name=landing_folder()) %}
    {% for sign in ['\\', '[', ']', '{', '}', '*', '?'] %}
        {% set folder.name = folder.name | replace(sign, '\\' ~ sign) %}
    {% endfor %}
    {{ return("parquet.`" ~ (folder.name ~ "/" ~ path) | replace("`", "``") ~ "`") }}
{%- endmacro %}


{# A text for Spark, which reads a backslash as the beginning of an escape. #}
{% macro text_on_spark(text) -%}
    {{ return("'" ~ text | replace('\\', '\\\\') | replace("'", "\\'") ~ "'") }}
{%- endmacro %}

{# Folder of the landing: HUB_LANDING, or the project's sample by default. #}
{% macro landing_folder() -%}
    {{ return(env_var('HUB_LANDING', 'sample')) }}
{%- endmacro %}


{# A pattern for files of all snapshots, as SQL text. Brackets and stars of the folder's own name are literal. #}
{% macro landing_pattern(file_pattern, folders='hub_models/snapshot_id=*') -%}
    {{ return("'" ~ (literal_in_pattern(landing_folder()) ~ '/' ~ folders ~ '/' ~ file_pattern) | replace("'", "''") ~ "'") }}
{%- endmacro %}


{# A name in which brackets, stars and question marks are literal. #}
{% macro literal_in_pattern(name) -%}
    {{ return(name | replace('[', '[[]') | replace('*', '[*]') | replace('?', '[?]')) }}
{%- endmacro %}


{#
    Runs before anything is built. A landing that does not exist, has no complete snapshot or
    has lost part of one stops the run here, with one line that says what to do; everything built
    before stays as it was. A sound landing is opened as the tables of the source `landing`.
#}
{% macro check_landing() %}
    {% if execute and flags.WHICH in ['build', 'run', 'test', 'snapshot'] %}
        {% set landing = landing_folder() %}
        {% do open_manifests() %}
        {% set snapshots = run_query(landed_snapshots()).rows %}
        {% for snapshot in snapshots_to_read() or [] if 'snapshot_id=' ~ snapshot not in snapshots | map(attribute='folder') %}
            {% do exceptions.raise_compiler_error("snapshot " ~ snapshot ~ " has gone from " ~ landing ~ " since the build began: begin anew") %}
        {% endfor %}
        {% if snapshots | length == 0 %}
            {% do exceptions.raise_compiler_error(
                "no landing at " ~ landing ~ ": set HUB_LANDING to a folder that holds hub_models/snapshot_id=*/_manifest.json, "
                ~ "or make one with `python -m loaders import`") %}
        {% endif %}
        {% for snapshot in snapshots if not snapshot['is_manifest_json'] %}
            {% do log(snapshot['folder'] ~ " in " ~ landing ~ " has a broken _manifest.json and is not read", info=true) %}
        {% endfor %}
        {% set complete = snapshots | selectattr('status', 'equalto', 'complete') | list %}
        {% if complete | length == 0 %}
            {% do exceptions.raise_compiler_error(
                "no complete snapshot in " ~ landing ~ ": " ~ snapshots | length ~ " there, none with status 'complete' in its _manifest.json; "
                ~ "finish the crawl or import a snapshot") %}
        {% endif %}
        {% for snapshot in complete if not snapshot['parts'] %}
            {% do exceptions.raise_compiler_error(
                snapshot['folder'] ~ " in " ~ landing ~ " is said to be complete and has no part-*.parquet: "
                ~ "remove the folder or land the snapshot again") %}
        {% endfor %}
        {% for snapshot in run_query(snapshots_of_two_dates()).rows %}
            {% do exceptions.raise_compiler_error(
                snapshot['folder'] ~ " in " ~ landing ~ " bears another date than its _manifest.json, which says " ~ snapshot['started_at']
                ~ ": land the snapshot again under its true date, or remove its folder") %}
        {% endfor %}
        {% do open_landing(complete) %}
        {% set n_rows = {} %}
        {% for count in run_query("select snapshot_id, count(*) as n_rows from " ~ landing_schema() ~ ".hub_models group by snapshot_id").rows %}
            {% do n_rows.update({'snapshot_id=' ~ count['snapshot_id']: count['n_rows']}) %}
        {% endfor %}
        {% for snapshot in complete if snapshot['n_promised'] is not none and n_rows.get(snapshot['folder'], 0) != snapshot['n_promised'] %}
            {% do exceptions.raise_compiler_error(
                snapshot['folder'] ~ " in " ~ landing ~ " has " ~ n_rows.get(snapshot['folder'], 0) ~ " rows where its _manifest.json promises "
                ~ snapshot['n_promised'] ~ ": land the snapshot again") %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{# The complete snapshots whose manifest has another day than the name of their folder, where that is a time. #}
{% macro snapshots_of_two_dates() %}
    select
        folder,
        started_at
    from ({{ landed_snapshots() }}) as landed
    where
        status = 'complete'
        and abs({{ microseconds(utc_timestamp('started_at')) }} - {{ microseconds(snapshot_time('substr(folder, 13)')) }})
        > {{ days_in_microseconds(1) }}
    order by folder
{% endmacro %}


{#
    The snapshots that build.py has found complete and sound, as HUB_SNAPSHOTS lists them in JSON. Null where dbt
    runs by itself: then all complete ones are read.
#}
{% macro snapshots_to_read() -%}
    {{ return(fromjson(env_var('HUB_SNAPSHOTS', 'null'))) }}
{%- endmacro %}


{#
    The tables of the source `landing`: parts of unfinished snapshots are never opened, and a folder's name
    is taken literally, whatever signs it contains. The files to read are determined here, once.
#}
{% macro open_landing(snapshots) %}
    {% do open_snapshots(snapshots) %}
    {% do open_optional_table('hub_aliases', {'alias': 'string', 'model_id': 'string', 'outcome': 'string', 'resolved_at': 'timestamp'}) %}
    {% do open_optional_table(
        'benchmarks',
        {'model_id': 'string', 'benchmark': 'string', 'score': 'double', 'measured_at': 'timestamp', 'source': 'string'}) %}
    {% do open_optional_table('release_dates', {'model_id': 'string', 'released_at': 'timestamp', 'source': 'string'}) %}
    {% do open_optional_table(
        'owners',
        {'owner': 'string', 'kind': 'string', 'country': 'string', 'parent_organisation': 'string', 'source': 'string'}) %}
    {% do open_optional_table(
        'weights',
        {'child_id': 'string', 'parent_id': 'string', 'score': 'double', 'tool': 'string', 'source': 'string'}) %}
    {% do open_optional_table('cards', {'model_id': 'string', 'card': 'string', 'source': 'string'}) %}
{% endmacro %}


{#
    A table that may be missing from a landing: all its files as one view, or a view without rows. A file
    without a column that the models read stops the run with one line.
#}
{% macro open_optional_table(table, columns) %}
    {% set name = landing_schema() ~ '.' ~ table %}
    {% set typed_nulls = [] %}
    {% for column, type in columns.items() %}
        {% do typed_nulls.append('cast(null as ' ~ type ~ ') as ' ~ column) %}
    {% endfor %}
    {% set nothing = "select " ~ typed_nulls | join(', ') ~ ", '' as filename, cast(0 as bigint) as file_row_number where false" %}
    {% do run_query("create or replace view " ~ name ~ " as " ~ (rows_of_landed_files(table) | trim or nothing)) %}
    {% set found = run_query("describe " ~ name).columns[0].values() %}
    {% for column in columns if column not in found %}
        {% do exceptions.raise_compiler_error(
            landing_folder() ~ "/" ~ table ~ " has no column " ~ column ~ ": land its files again or remove them") %}
    {% endfor %}
{% endmacro %}

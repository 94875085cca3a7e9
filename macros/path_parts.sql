{# Of walkers at a node, how many go one of its ways: whole ones only. #}
{% macro path_parts(parts, n_ways, n_all_ways) -%}
    cast(floor({{ parts }} * {{ n_ways }} / {{ n_all_ways }}) as bigint)
{%- endmacro %}


{#
    The table of all places that walkers come to on their way up, built now, on Spark, a round of steps at a time:
    its recursion cannot add up those who meet. It ends when nobody is on a way any more.
#}
{% macro walked_path_parts(ways) %}
    {% set walked = ways.incorporate(path={'identifier': 'int_path_parts_step'}) %}
    {% set further = ways.incorporate(path={'identifier': 'int_path_parts_step_further'}) %}
    {% if execute and flags.WHICH in ['build', 'run'] %}
        {% do run_query("drop table if exists " ~ walked) %}
        {% do run_query(
            "create table " ~ walked ~ " using parquet as "
            ~ "select distinct node_key, node_key as at_key, cast(1e15 as bigint) as parts, 0 as round from " ~ ways) %}
        {% set under_way = namespace(n=1) %}
        {% for round in range(1000) if under_way.n > 0 %}
            {% do run_query("drop table if exists " ~ further) %}
            {% do run_query(
                "create table " ~ further ~ " using parquet as select * from " ~ walked ~ " union all "
                ~ "select walked.node_key, steps.next_key as at_key, "
                ~ "cast(sum(" ~ path_parts('walked.parts', 'steps.n_ways', 'steps.n_all_ways') ~ ") as bigint) as parts, "
                ~ (round + 1) ~ " as round from " ~ walked ~ " as walked "
                ~ "inner join " ~ ways ~ " as steps on walked.at_key = steps.node_key "
                ~ "where walked.round = " ~ round ~ " and walked.parts > 0 group by walked.node_key, steps.next_key") %}
            {% do run_query("drop table if exists " ~ walked) %}
            {% do run_query("alter table " ~ further ~ " rename to " ~ walked) %}
            {% set under_way.n = run_query("select count(*) from " ~ walked ~ " where round = " ~ (round + 1)).rows[0][0] %}
        {% endfor %}
    {% endif %}
    {{ return(walked) }}
{% endmacro %}

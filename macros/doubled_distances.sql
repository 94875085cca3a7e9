{#
    The table of all distances between nodes and their ancestors, built now, on Spark: ways of up to
    1, 2, 4, 8 ... steps, until no new pair is found. The nearest way of up to twice the length goes on
    from a node that is as far away as the last round reached, so only such ways are lengthened: all ways by all
    were a thousand million candidates a round on 2.5 million models, these are 36 million at most. Seven
    joins reach 128 generations; a shorter way always wins, so that cycles end.
#}
{% macro doubled_distances(edges) %}
    {% set steps = edges.incorporate(path={'identifier': 'int_inner_distances_step'}) %}
    {% set doubled = edges.incorporate(path={'identifier': 'int_inner_distances_step_doubled'}) %}
    {% if execute and flags.WHICH in ['build', 'run'] %}
        {% do run_query("drop table if exists " ~ steps) %}
        {% do run_query(
            "create table " ~ steps ~ " using parquet as "
            ~ "select distinct child_key as node_key, parent_key as ancestor_key, 1 as distance from " ~ edges) %}
        {% set count_pairs = "select count(*) from " ~ steps %}
        {% set n_pairs = namespace(before=-1, now=run_query(count_pairs).rows[0][0]) %}
        {% for round in range(64) if n_pairs.now != n_pairs.before %}
            {% do run_query("drop table if exists " ~ doubled) %}
            {% do run_query(
                "create table " ~ doubled ~ " using parquet as "
                ~ "select node_key, ancestor_key, min(distance) as distance from ("
                ~ "select node_key, ancestor_key, distance from " ~ steps ~ " union all "
                ~ "select below.node_key, above.ancestor_key, below.distance + above.distance as distance from " ~ steps ~ " as below "
                ~ "inner join " ~ steps ~ " as above on below.ancestor_key = above.node_key "
                ~ "where below.distance = " ~ 2 ** round
                ~ ") as ways group by node_key, ancestor_key") %}
            {% do run_query("drop table if exists " ~ steps) %}
            {% do run_query("alter table " ~ doubled ~ " rename to " ~ steps) %}
            {% set n_pairs.before = n_pairs.now %}
            {% set n_pairs.now = run_query(count_pairs).rows[0][0] %}
        {% endfor %}
    {% endif %}
    {{ return(steps) }}
{% endmacro %}

{#
    Walks over the edges of nodes with children. DuckDB's recursion sees what it has reached; Spark's keeps no set
    and would go round a cycle for ever, so all distances are doubled there, round by round.
#}

{# Whether all distances are doubled first, because a recursion cannot see what it has reached. #}
{% macro doubles_distances() -%}
    {{ return(adapter.dispatch('doubles_distances', 'hub_lineage')()) }}
{%- endmacro %}


{% macro duckdb__doubles_distances() -%}
    {{ return(false) }}
{%- endmacro %}


{% macro spark__doubles_distances() -%}
    {{ return(true) }}
{%- endmacro %}


{# The pairs of a node and its ancestors. A union keeps a set of pairs, so cycles end by themselves. #}
{% macro inner_ancestors_walked() -%}
    {{ return(adapter.dispatch('inner_ancestors_walked', 'hub_lineage')()) }}
{%- endmacro %}


{% macro duckdb__inner_ancestors_walked() -%}
with recursive walked as (
    select
        child_key as node_key,
        parent_key as ancestor_key
    from {{ ref('int_inner_edges_selected') }}
    union
    select
        walked.node_key,
        edges.parent_key as ancestor_key
    from walked
    inner join {{ ref('int_inner_edges_selected') }} as edges on walked.ancestor_key = edges.child_key
)

select
    node_key,
    ancestor_key
from walked
{%- endmacro %}


{% macro spark__inner_ancestors_walked() -%}
-- Spark's recursion keeps no set, and would go round a cycle for ever.
select
    node_key,
    ancestor_key
from {{ ref('int_inner_distances_doubled') }}
{%- endmacro %}


{# The pairs of a node and a root above it, with the steps of the shortest path. #}
{% macro root_distances_walked() -%}
    {{ return(adapter.dispatch('root_distances_walked', 'hub_lineage')()) }}
{%- endmacro %}


{% macro duckdb__root_distances_walked() -%}
-- Breadth first from each root; sqlfluff cannot parse `using key`.
with recursive walked(node_key, root_key, distance) using key (node_key, root_key) as (
    select
        root_key as node_key,
        root_key,
        0 as distance
    from {{ ref('int_roots_ordered') }}
    union
    select
        edges.child_key as node_key,
        walked.root_key,
        min(walked.distance) + 1 as distance
    from walked
    inner join {{ ref('int_inner_edges_selected') }} as edges on edges.parent_key = walked.node_key
    left join recurring.walked as reached
        on reached.node_key = edges.child_key and reached.root_key = walked.root_key
    where reached.node_key is null
    group by edges.child_key, walked.root_key
)

select
    node_key,
    root_key,
    distance
from walked
{%- endmacro %}


{% macro spark__root_distances_walked() -%}
-- Spark's recursion does not see what is already reached: all distances are known there.
select
    root_key as node_key,
    root_key,
    0 as distance
from {{ ref('int_roots_ordered') }}
union all
select
    distances.node_key,
    roots.root_key,
    distances.distance
from {{ ref('int_inner_distances_doubled') }} as distances
inner join {{ ref('int_roots_ordered') }} as roots on distances.ancestor_key = roots.root_key
{%- endmacro %}


{# The nodes with a root above, with the steps to the nearest root and the first such root. #}
{% macro inner_generations_walked() -%}
    {{ return(adapter.dispatch('inner_generations_walked', 'hub_lineage')()) }}
{%- endmacro %}


{% macro duckdb__inner_generations_walked() -%}
-- Breadth first: a node is reached once, by the parents of the generation before. `using key` lets a
-- step see what is already reached; sqlfluff cannot parse it.
with recursive walked(node_key, generation, root_number) using key (node_key) as (
    select
        root_key as node_key,
        0 as generation,
        root_number
    from {{ ref('int_roots_ordered') }}
    union
    select
        edges.child_key as node_key,
        min(walked.generation) + 1 as generation,
        min(walked.root_number) as root_number
    from walked
    inner join {{ ref('int_inner_edges_selected') }} as edges on edges.parent_key = walked.node_key
    left join recurring.walked as reached on reached.node_key = edges.child_key
    where reached.node_key is null
    group by edges.child_key
)

select
    node_key,
    generation,
    root_number
from walked
{%- endmacro %}


{% macro spark__inner_generations_walked() -%}
-- Spark's recursion does not see what is already reached: the nearest roots are looked up among all distances.
with roots as (
    select
        root_key,
        root_number
    from {{ ref('int_roots_ordered') }}
),

reached as (
    select
        distances.node_key,
        distances.distance as generation,
        min(roots.root_number) as root_number
    from {{ ref('int_inner_distances_doubled') }} as distances
    inner join roots on distances.ancestor_key = roots.root_key
    group by distances.node_key, distances.distance
)

select
    root_key as node_key,
    0 as generation,
    root_number
from roots
union all
select
    node_key,
    generation,
    root_number
from reached
qualify row_number() over (partition by node_key order by generation nulls last) = 1
{%- endmacro %}


{# The walkers at each node that they reach, as the query `walked` and the head of a statement. #}
{% macro with_walked_path_parts() -%}
    {{ return(adapter.dispatch('with_walked_path_parts', 'hub_lineage')()) }}
{%- endmacro %}


{% macro duckdb__with_walked_path_parts() -%}
with recursive walked as (
    select distinct
        node_key,
        node_key as at_key,
        cast(1e15 as bigint) as parts
    from {{ ref('int_ways_up_counted') }}
    union all
    select
        walked.node_key,
        steps.next_key as at_key,
        cast(sum({{ path_parts('walked.parts', 'steps.n_ways', 'steps.n_all_ways') }}) as bigint) as parts
    from walked
    inner join {{ ref('int_ways_up_counted') }} as steps on walked.at_key = steps.node_key
    -- On a cycle fewer and fewer walkers remain, and in the end none.
    where walked.parts > 0
    group by walked.node_key, steps.next_key
),
{%- endmacro %}


{% macro spark__with_walked_path_parts() -%}
-- Spark's recursion cannot sum as it goes.
with walked as (
    select * from {{ walked_path_parts(ref('int_ways_up_counted')) }}
),
{%- endmacro %}


{#
    The table of all distances between nodes and their ancestors, built at once, on Spark: paths of up to
    1, 2, 4, 8 ... steps, until no new pair is found. A shortest path of up to twice the length passes a node
    exactly as far away as the last round reached, so only paths of that length are extended: joining all paths with all
    gave a thousand million candidates a round on 2.5 million models, these are 36 million at most. Seven
    joins reach 128 generations; a shorter path always wins, so that cycles end.
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


{#
    The table of all nodes that walkers reach on their way up, built at once, on Spark, one round of steps at a time:
    its recursion cannot sum the walkers who meet. It ends when no walker is left.
#}
{% macro walked_path_parts(ways) %}
    {% set walked = ways.incorporate(path={'identifier': 'int_path_parts_step'}) %}
    {% if execute and flags.WHICH in ['build', 'run'] %}
        {% do run_query("drop table if exists " ~ walked) %}
        {% do run_query(
            "create table " ~ walked ~ " using parquet as "
            ~ "select distinct node_key, node_key as at_key, cast(1e15 as bigint) as parts, 0 as round from " ~ ways) %}
        {% set under_way = namespace(n=1) %}
        {% for round in range(1000) if under_way.n > 0 %}
            {% do run_query(
                "insert into " ~ walked ~ " select walked.node_key, steps.next_key as at_key, "
                ~ "cast(sum(" ~ path_parts('walked.parts', 'steps.n_ways', 'steps.n_all_ways') ~ ") as bigint) as parts, "
                ~ (round + 1) ~ " as round from " ~ walked ~ " as walked "
                ~ "inner join " ~ ways ~ " as steps on walked.at_key = steps.node_key "
                ~ "where walked.round = " ~ round ~ " and walked.parts > 0 group by walked.node_key, steps.next_key") %}
            {% set under_way.n = run_query("select count(*) from " ~ walked ~ " where round = " ~ (round + 1)).rows[0][0] %}
        {% endfor %}
    {% endif %}
    {{ return(walked) }}
{% endmacro %}

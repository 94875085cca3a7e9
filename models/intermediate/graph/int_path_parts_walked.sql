-- One row per node with children and several roots x root: how many of 10^12 walkers end there who take each parent alike.
-- Whole numbers, so that they sum alike in any order: 10^15 set out, and what division loses of them is made up for in the end.
{% if target.type == 'spark' -%}
-- Spark's recursion cannot add up on its way.
with walked as (
    select * from {{ walked_path_parts(ref('int_ways_up_counted')) }}
),
{%- else -%}
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
    -- On a cycle fewer and fewer walkers stay, and in the end none.
    where walked.parts > 0
    group by walked.node_key, steps.next_key
),
{%- endif %}

arrived as (
    select
        walked.node_key,
        walked.at_key as root_key,
        sum(walked.parts) as parts
    from walked
    inner join {{ ref('int_roots_ordered') }} as roots on walked.at_key = roots.root_key
    group by walked.node_key, walked.at_key
)

select
    node_key,
    root_key,
    cast(floor(parts / sum(parts) over (partition by node_key) * 1e12) as bigint) as parts
from arrived

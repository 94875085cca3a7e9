-- One row per node with children and several roots x root: how many of 10^12 walkers end there if they choose among parents evenly.
-- Whole numbers, so that sums are the same in any order: 10^15 set out, and the walkers lost in divisions are made up for at the end.
{{ with_walked_path_parts() }}

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

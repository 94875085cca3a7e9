-- One row per dated model with several parents: the number of its set of parents.
with edges as (
    select
        child_key,
        parent_key,
        child_created_us
    from {{ ref('int_lineage_edges_resolved') }}
    where n_parents > 1 and child_created_us is not null
),

sets as (
    select
        child_key,
        child_created_us,
        {{ array_in_order('parent_key', 'parent_key') }} as parent_keys
    from edges
    group by child_key, child_created_us
)

select
    child_key,
    child_created_us,
    dense_rank() over (order by parent_keys) as set_number,
    row_number() over (partition by parent_keys order by child_key) = 1 as is_set_example
from sets

-- One row per ordered pair of parent sets (also of a set with itself) that share at least two parents.
with members as (
    select
        sets.set_number,
        edges.parent_key
    from {{ ref('int_parent_sets_numbered') }} as sets
    inner join {{ ref('int_lineage_edges_resolved') }} as edges on sets.child_key = edges.child_key
    where sets.is_set_example
),

-- Joined on pairs of parents: sets that share just one popular parent never meet.
pairs as (
    select
        first_members.set_number,
        first_members.parent_key as first_key,
        second_members.parent_key as second_key
    from members as first_members
    inner join members as second_members
        on
            first_members.set_number = second_members.set_number
            and first_members.parent_key < second_members.parent_key
),

-- k shared parents make k (k - 1) / 2 shared pairs.
shared as (
    select
        pairs.set_number,
        others.set_number as other_set_number,
        count(*) as n_shared_pairs
    from pairs
    inner join pairs as others
        on pairs.first_key = others.first_key and pairs.second_key = others.second_key
    group by pairs.set_number, others.set_number
)

select
    set_number,
    other_set_number,
    cast(round((1 + sqrt(1 + 8 * n_shared_pairs)) / 2) as bigint) as n_shared_parents
from shared

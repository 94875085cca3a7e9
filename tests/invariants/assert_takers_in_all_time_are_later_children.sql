-- Without a window, n_i + n_j counts the children released after the focal, each once.
with later_children as (
    select
        parent_id as model_id,
        count(*) as n_later
    from {{ ref('lineage_edges') }}
    where child_created_at > parent_created_at
    group by parent_id
)

select
    focals.model_id,
    focals.n_i,
    focals.n_j,
    later_children.n_later
from {{ ref('disruption') }} as focals
left join later_children on focals.model_id = later_children.model_id
where focals.window_name = 'all' and focals.n_i + focals.n_j != coalesce(later_children.n_later, 0)

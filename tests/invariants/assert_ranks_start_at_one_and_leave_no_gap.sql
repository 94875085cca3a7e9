-- Equal times share the smallest rank: the next rank is this one plus the number that share it.
with ranks as (
    select
        parent_id,
        release_rank,
        count(*) as n_entrants
    from {{ ref('release_races') }}
    where release_rank is not null
    group by parent_id, release_rank
),

expected as (
    select
        *,
        1 + coalesce(sum(n_entrants) over (
            partition by parent_id order by release_rank rows between unbounded preceding and 1 preceding
        ), 0) as expected_rank
    from ranks
)

select *
from expected
where release_rank != expected_rank

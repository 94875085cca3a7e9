-- n_before and is_first agree with the rank; all are null together.
select *
from {{ ref('release_races') }}
where
    n_before is distinct from release_rank - 1
    or is_first is distinct from (release_rank = 1)
    or (n_ties is null) != (release_rank is null)

-- A candidate is a guess: its child has no parent, and no pair of the two is an edge.
select
    candidates.child_id,
    candidates.candidate_id
from {{ ref('lineage_candidates') }} as candidates
inner join {{ ref('lineage_edges') }} as edges on candidates.child_id = edges.child_id

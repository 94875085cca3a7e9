-- Rivals of one kind are rivals, and rivals before are entrants before.
select crowding.*
from {{ ref('crowding') }} as crowding
inner join {{ ref('release_races') }} as races using (parent_id, child_id)
where
    crowding.n_rivals_before_same_relation > crowding.n_rivals_before
    or crowding.n_rivals_before_other_owner > crowding.n_rivals_before
    or crowding.n_rivals_before_not_bulk > crowding.n_rivals_before
    or crowding.n_rivals_before_same_relation_other_owner > crowding.n_rivals_before_same_relation
    or crowding.n_rivals_before_same_relation_other_owner > crowding.n_rivals_before_other_owner
    or crowding.n_rivals_before_other_owner_events > crowding.n_rivals_before_other_owner
    or crowding.n_rivals_after_other_owner > crowding.n_rivals_after
    or crowding.n_rivals_before > races.n_before
    or (crowding.n_rivals_before is null) != (races.n_before is null)

-- The licences of each edge are compared, and the outcome agrees with the obligations: nothing is dropped where
-- nothing changes, and something where it loosens.
select
    coalesce(edges.child_id, changes.child_id) as child_id,
    coalesce(edges.parent_id, changes.parent_id) as parent_id
from {{ ref('lineage_edges') }} as edges
full outer join {{ ref('licence_changes') }} as changes
    on edges.child_id = changes.child_id and edges.parent_id = changes.parent_id
where
    edges.child_id is null
    or changes.child_id is null
    or (changes.change = 'same' and coalesce(changes.parent_license, '') != coalesce(changes.child_license, ''))
    or (changes.change in ('same', 'same_obligations', 'tightened', 'terms_unknown') and changes.dropped is not null)
    or (changes.change in ('loosened', 'exchanged') and changes.dropped is null)
    or (changes.change in ('tightened', 'exchanged') and changes.added is null)
    -- What is dropped of the parent's is dropped of the line's.
    or (changes.dropped is not null and changes.dropped_on_the_way is null)

-- A self-reference is a mistake in a card, never an edge.
select *
from {{ ref('lineage_edges') }}
where lower(child_id) = lower(parent_id)

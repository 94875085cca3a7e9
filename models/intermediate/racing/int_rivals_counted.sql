-- One row per base x entrant: rivals in each window before, after and around its release.
-- A frame per window sorts a family once; siblings are never joined to siblings.
with entrants as (
    select
        child_key,
        parent_key,
        relation,
        -- An id without an owner shares its owner with nobody.
        coalesce(child_owner, cast(child_key as varchar)) as owner_or_self,
        child_released_us as released_us,
        case when not is_child_bulk_owner then child_key end as not_bulk_child_key
    from {{ ref('int_lineage_edges_resolved') }}
    where child_released_us is not null
)

select
    child_key,
    parent_key,
    {{ rivals_in_windows(crowding_windows()) }}
from entrants

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
    parent_key
    {%- for days in crowding_windows() %},
    {{ entrants_between(microseconds_before(days), '1 preceding') }} as n_rivals_before_{{ days }}d,
    {{ entrants_between('1 following', microseconds_after(days)) }} as n_rivals_after_{{ days }}d,
    {{ entrants_between((days * 86400000000 - 1) ~ ' preceding', (days * 86400000000 - 1) ~ ' following') }} - 1
        as n_rivals_around_{{ days }}d,
    {{ entrants_between(microseconds_before(days), '1 preceding', within='parent_key, relation') }}
        as n_rivals_before_same_relation_{{ days }}d,
    {{ entrants_between(microseconds_before(days), '1 preceding') }}
    - {{ entrants_between(microseconds_before(days), '1 preceding', within='parent_key, owner_or_self') }}
        as n_rivals_before_other_owner_{{ days }}d,
    {{ entrants_between(microseconds_before(days), '1 preceding', counted='not_bulk_child_key') }}
        as n_rivals_before_not_bulk_{{ days }}d
{% endfor %}
from entrants

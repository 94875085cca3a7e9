{#
    How many entrants of the same base were released between two instants around each entrant's
    own. `from_bound` and `to_bound` are frame bounds in microseconds. The row itself is in the
    count when the frame holds its instant.
#}
{% macro entrants_between(from_bound, to_bound, within='parent_key', counted='*') -%}
    count({{ counted }}) over (
        partition by {{ within }}
        order by released_us nulls last
        range between {{ from_bound }} and {{ to_bound }}
    )
{%- endmacro %}


{% macro microseconds_before(days) -%}
    {{ (days | int) * 86400000000 }} preceding
{%- endmacro %}


{% macro microseconds_after(days) -%}
    {{ (days | int) * 86400000000 }} following
{%- endmacro %}


{#
    For each window, what had come before its first entrant and until its last one, and who is in it.
    A window before an entrant goes up to the entrant itself, so that it is never empty.
#}
{% macro race_windows(windows) -%}
    {%- set race = 'partition by parent_key order by released_us nulls last range between ' -%}
    {%- set relation_race = 'partition by parent_key, relation order by released_us nulls last range between ' -%}
    {%- for days in windows -%}
    first_value(earlier) over ({{ race ~ microseconds_before(days) }} and current row) as earlier_{{ days }}d,
    first_value(n_earlier_same_relation) over ({{ relation_race ~ microseconds_before(days) }} and current row)
        as n_earlier_same_relation_{{ days }}d,
    last_value(n_until) over ({{ race }}current row and {{ microseconds_after(days) }}) as n_until_{{ days }}d,
    {{ entrants_between((days * 86400000000 - 1) ~ ' preceding', (days * 86400000000 - 1) ~ ' following') }}
        as n_around_{{ days }}d{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{# In each window, the rivals that have the entrant's own owner. #}
{% macro rivals_of_same_owner(windows) -%}
    {%- for days in windows -%}
    {{ entrants_between(microseconds_before(days), '1 preceding', within='parent_key, owner_or_self') }} as n_before_{{ days }}d,
    {{ entrants_between('1 following', microseconds_after(days), within='parent_key, owner_or_self') }} as n_after_{{ days }}d,
    {{ entrants_between(microseconds_before(days), '1 preceding', within='parent_key, relation, owner_or_self') }}
        as n_before_same_relation_{{ days }}d,
    {{ entrants_between(microseconds_before(days), '1 preceding', within='parent_key, owner_or_self', counted='event_lead_key') }}
        as n_before_events_{{ days }}d{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{# The columns n_rivals_<kind>_<days>d of every window, over entrants of bases (definition 8). #}
{% macro rivals_in_windows(windows) -%}
    {%- for days in windows -%}
    {%- set before = 'counted.earlier.n_entrants - counted.earlier_' ~ days ~ 'd.n_entrants' -%}
    {%- set before_same_relation = 'counted.n_earlier_same_relation - counted.n_earlier_same_relation_' ~ days ~ 'd' -%}
    {%- set after = 'counted.n_until_' ~ days ~ 'd - counted.n_until' -%}
    {{ before }} as n_rivals_before_{{ days }}d,
    {{ after }} as n_rivals_after_{{ days }}d,
    counted.n_around_{{ days }}d - 1 as n_rivals_around_{{ days }}d,
    {{ before_same_relation }} as n_rivals_before_same_relation_{{ days }}d,
    {{ before }} - coalesce(of_same_owner.n_before_{{ days }}d, 0) as n_rivals_before_other_owner_{{ days }}d,
    counted.earlier.n_not_bulk - counted.earlier_{{ days }}d.n_not_bulk as n_rivals_before_not_bulk_{{ days }}d,
    {{ before_same_relation }} - coalesce(of_same_owner.n_before_same_relation_{{ days }}d, 0)
        as n_rivals_before_same_relation_other_owner_{{ days }}d,
    counted.earlier.n_events - counted.earlier_{{ days }}d.n_events - coalesce(of_same_owner.n_before_events_{{ days }}d, 0)
        as n_rivals_before_other_owner_events_{{ days }}d,
    {{ after }} - coalesce(of_same_owner.n_after_{{ days }}d, 0)
        as n_rivals_after_other_owner_{{ days }}d{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

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


{# The columns n_rivals_<kind>_<days>d of every window, over entrants of bases (definition 8). #}
{% macro rivals_in_windows(windows) -%}
    {%- for days in windows -%}
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
        as n_rivals_before_not_bulk_{{ days }}d,
    {{ entrants_between(microseconds_before(days), '1 preceding', within='parent_key, relation') }}
    - {{ entrants_between(microseconds_before(days), '1 preceding', within='parent_key, relation, owner_or_self') }}
        as n_rivals_before_same_relation_other_owner_{{ days }}d,
    {{ entrants_between(microseconds_before(days), '1 preceding', counted='event_lead_key') }}
    - {{ entrants_between(microseconds_before(days), '1 preceding', within='parent_key, owner_or_self', counted='event_lead_key') }}
        as n_rivals_before_other_owner_events_{{ days }}d,
    {{ entrants_between('1 following', microseconds_after(days)) }}
    - {{ entrants_between('1 following', microseconds_after(days), within='parent_key, owner_or_self') }}
        as n_rivals_after_other_owner_{{ days }}d{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

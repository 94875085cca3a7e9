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

{#
    Rivals from counts at moments: each entrant asks at its release and at both ends of each window how many have entered
    its race by then. A window's rivals are the difference between two answers (int_rivals_counted).
#}

{# Days from an entrant's release to the ends of its windows, and to itself, a row each. #}
{% macro ends_of_windows(windows) -%}
    {%- set ends = [0] -%}
    {%- for days in windows -%} {%- do ends.extend([-days, days]) -%} {%- endfor -%}
    {{ each_value('array(' ~ ends | join(', ') ~ ')') }}
{%- endmacro %}


{# Frames over the moments at which entrants of a race are asked: strictly before, and until. #}
{% macro moments_before(name, within) -%}
    {{ name }}_before as (
            partition by {{ within }}
            order by moment_us nulls last
            range between unbounded preceding and 1 preceding
        )
{%- endmacro %}


{% macro moments_until(name, within) -%}
    {{ name }}_until as (
            partition by {{ within }}
            order by moment_us nulls last
            range between unbounded preceding and current row
        )
{%- endmacro %}


{# What was counted from the start at one of an entrant's moments, `days` from its release. #}
{% macro counted_at(days, count) -%}
    max(case when days = {{ days }} then {{ count }} end)
{%- endmacro %}


{# The columns n_rivals_<kind>_<days>d of every window, from counts at the ends of windows. #}
{% macro rivals_between_moments(windows) -%}
    {%- for days in windows -%}
    {%- for kind, count in {
        'before': 'n_before',
        'before_same_relation': 'n_before_same_relation',
        'before_other_owner': 'n_before - n_before_same_owner',
        'before_not_bulk': 'n_before_not_bulk',
        'before_same_relation_other_owner': 'n_before_same_relation - n_before_same_relation_same_owner',
        'before_other_owner_events': 'n_before_events - n_before_same_owner_events',
    }.items() -%}
    {{ counted_at(0, count) }} - {{ counted_at(-days, count) }} as n_rivals_{{ kind }}_{{ days }}d,
    {% endfor -%}
    {%- for kind, count in {'after': 'n_until', 'after_other_owner': 'n_until - n_until_same_owner'}.items() -%}
    {{ counted_at(days, count) }} - {{ counted_at(0, count) }} as n_rivals_{{ kind }}_{{ days }}d,
    {% endfor -%}
    {{ counted_at(days, 'n_before') }} - {{ counted_at(-days, 'n_until') }} - 1 as n_rivals_around_{{ days }}d{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#
    Days before, after and around an entry in which rivals are counted (docs/definitions.md#crowding). Columns have these
    numbers in their names, which are needed before any seed is read; a test compares the list with the seed crowding_windows.
#}
{% macro crowding_windows() -%}
    {{ return([7, 14, 30, 90]) }}
{%- endmacro %}


{# The kinds of rivals that are counted, as in the columns n_rivals_<kind>. #}
{% macro rival_kinds() -%}
    {{ return([
        'before', 'after', 'around', 'before_same_relation', 'before_other_owner', 'before_not_bulk',
        'before_same_relation_other_owner', 'before_other_owner_events', 'after_other_owner'
    ]) }}
{%- endmacro %}


{# The wide counts of one window as the columns of the long mart. #}
{% macro rivals_in_window(days) -%}
    {%- for kind in rival_kinds() -%}
    cast(rivals.n_rivals_{{ kind }}_{{ days }}d as integer) as n_rivals_{{ kind }}{{ ',
    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

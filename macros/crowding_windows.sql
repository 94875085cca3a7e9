{# Days before, after and around an entry over which rivals are counted (contract, definition 8). #}
{% macro crowding_windows() -%}
    {{ return([7, 14, 30, 90]) }}
{%- endmacro %}


{# Which rivals are counted, as the columns n_rivals_<kind> name them. #}
{% macro rival_kinds() -%}
    {{ return(['before', 'after', 'around', 'before_same_relation', 'before_other_owner', 'before_not_bulk']) }}
{%- endmacro %}

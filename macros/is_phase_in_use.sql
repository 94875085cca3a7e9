{# Whether the claims of an evidence phase become edges (variable edge_phases). #}
{% macro is_phase_in_use(evidence) -%}
    {{ evidence }} in ({% for phase in var('edge_phases') %}'{{ phase }}'{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

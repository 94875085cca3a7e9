{#
    Why a pair of child and parent is not an edge under the variables edge_relations and edge_owners;
    null if it is one. Ids without an owner share none.
#}
{% macro edge_out_of_use(relation, child_owner, parent_owner, is_bulk_owner) -%}
    case
        when {{ relation }} not in ({% for used in var('edge_relations') %}'{{ used }}'{{ ', ' if not loop.last }}{% endfor %})
            then 'relation_not_in_use'
        {%- if var('edge_owners') == 'other_owner' %}
        when {{ child_owner }} = {{ parent_owner }} then 'same_owner_not_in_use'
        {%- elif var('edge_owners') == 'not_bulk' %}
        when {{ is_bulk_owner }} then 'bulk_owner_not_in_use'
        {%- endif %}
    end
{%- endmacro %}

{#
    Stops the run, before anything is built, if a variable is unknown to all models or has an invalid
    value: a misspelt name or phase would silently change the marts.
#}
{% macro check_variables() %}
    {% set known = known_variables() %}
    {% set memory = env_var('HUB_MEMORY', '4GB') | trim %}
    {# DuckDB reads a negative size as no limit at all. #}
    {% if not modules.re.fullmatch('(?i)(?=.*[1-9])[0-9]+([.][0-9]+)? *[KMGT]i?B', memory) %}
        {% do exceptions.raise_compiler_error("HUB_MEMORY is '" ~ memory ~ "'; it must be a size such as 4GB") %}
    {% endif %}
    {% for name in (invocation_args_dict.vars or {}) if name not in known %}
        {% do exceptions.raise_compiler_error("unknown variable '" ~ name ~ "'; known: " ~ known | join(', ')) %}
    {% endfor %}
    {% set phases = ['hub', 'typed_tag', 'untyped_tag', 'card', 'adapter_config', 'card_text', 'name', 'weights'] %}
    {% set wanted = var('edge_phases') %}
    {% if wanted is string or wanted is mapping or wanted is not iterable or wanted | length == 0 %}
        {% do exceptions.raise_compiler_error("variable edge_phases must be a list of phases; known: " ~ phases | join(', ')) %}
    {% endif %}
    {% for phase in wanted if phase not in phases %}
        {% do exceptions.raise_compiler_error("variable edge_phases names an unknown phase '" ~ phase ~ "'; known: " ~ phases | join(', ')) %}
    {% endfor %}
    {% set relations = ['finetune', 'adapter', 'quantized', 'merge', 'unknown'] %}
    {% set used = var('edge_relations') %}
    {% if used is string or used is mapping or used is not iterable or used | length == 0 %}
        {% do exceptions.raise_compiler_error("variable edge_relations must be a list of relations; known: " ~ relations | join(', ')) %}
    {% endif %}
    {% for relation in used if relation not in relations %}
        {% do exceptions.raise_compiler_error("variable edge_relations names an unknown relation '" ~ relation ~ "'; known: " ~ relations | join(', ')) %}
    {% endfor %}
    {% if var('edge_owners') not in ['all', 'other_owner', 'not_bulk'] %}
        {% do exceptions.raise_compiler_error("variable edge_owners is '" ~ var('edge_owners') ~ "'; it must be all, other_owner or not_bulk") %}
    {% endif %}
    {% if var('zero_parent_rule') not in ['exclude', 'one'] %}
        {% do exceptions.raise_compiler_error("variable zero_parent_rule is '" ~ var('zero_parent_rule') ~ "'; it must be exclude or one") %}
    {% endif %}
    {% for name in ['bulk_owner_releases', 'bulk_owner_days', 'panel_minimum_age_days', 'horizon_gap_days', 'curve_weeks'] %}
        {% if var(name) is not integer or var(name) is boolean or var(name) < 0 %}
            {% do exceptions.raise_compiler_error("variable " ~ name ~ " is '" ~ var(name) ~ "'; it must be a whole number, 0 or more") %}
        {% endif %}
    {% endfor %}
    {% if execute and run_query("select try_cast('" ~ (var('creation_floor') | string | replace("'", "''")) ~ "' as timestamp) is null").rows[0][0] %}
        {% do exceptions.raise_compiler_error("variable creation_floor is '" ~ var('creation_floor') ~ "'; it must be a date such as 2022-03-03") %}
    {% endif %}
{% endmacro %}


{# The variables of dbt_project.yml; a test keeps the two lists equal. #}
{% macro known_variables() -%}
    {{ return([
        'edge_phases',
        'edge_relations',
        'edge_owners',
        'zero_parent_rule',
        'creation_floor',
        'bulk_owner_releases',
        'bulk_owner_days',
        'panel_minimum_age_days',
        'horizon_gap_days',
        'curve_weeks',
    ]) }}
{%- endmacro %}

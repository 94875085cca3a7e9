{# The owner's part of a repository id; null for the ids of before 2022 that have none. #}
{% macro owner_of(model_id) -%}
    case when contains({{ model_id }}, '/') then split_part({{ model_id }}, '/', 1) end
{%- endmacro %}


{# The repository's own name: the id without its owner. #}
{% macro name_of(model_id) -%}
    substr({{ model_id }}, position('/' in {{ model_id }}) + 1)
{%- endmacro %}


{# Every match of a pattern replaced. Patterns hold no backslash, so that each engine reads the same. #}
{% macro replace_pattern(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}


{# A text without any of the given characters at its ends. #}
{% macro trim_characters(text, characters) -%}
    trim({{ text }}, '{{ characters }}')
{%- endmacro %}


{# Whether a pattern is found anywhere in a text. #}
{% macro matches(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}

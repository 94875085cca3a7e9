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
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}'{{ "" if target.type == 'spark' else ", 'g'" }})
{%- endmacro %}


{# A text without any of the given characters at its ends. #}
{% macro trim_characters(text, characters) -%}
    {%- if target.type == 'spark' -%}
    trim(both '{{ characters }}' from {{ text }})
    {%- else -%}
    trim({{ text }}, '{{ characters }}')
    {%- endif -%}
{%- endmacro %}


{# A text without the spaces at its ends, those of Unicode too (no-break, wide, thin). #}
{% macro trim_spaces(text) -%}
    {%- if target.type == 'spark' -%}
    trim(
        both ' \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000'
        from {{ text }}
    )
    {%- else -%}
    trim({{ text }})
    {%- endif -%}
{%- endmacro %}


{# Whether a pattern is found anywhere in a text. #}
{% macro matches(text, pattern) -%}
    {{ 'regexp_like' if target.type == 'spark' else 'regexp_matches' }}({{ text }}, '{{ pattern }}')
{%- endmacro %}


{# A text on one line, without invisible letters, coded slashes and blanks; quotes of print become plain ones. #}
{% macro on_one_line(text) -%}
    {%- set blanks = "\u00a0\u2007\u202f\u3000" -%}
    {%- set quotes = "\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019" -%}
    {%- set invisible = "\u200b\u200c\u200d\u2060\ufeff" -%}
    {{ replace_pattern(
        replace_pattern(
            "translate(" ~ text ~ ", chr(9) || chr(10) || chr(13) || '" ~ blanks ~ "\uff0f\uff0c\uff1b\u3001" ~ quotes ~ invisible ~ "', '       /,;,"
            ~ '"""""' ~ "``')",
            '%2[fF]', '/'
        ),
        '%20|&nbsp;|(?i)<br */?>', ' '
    ) }}
{%- endmacro %}

{# The owner part of a repository id; null for ids from before 2022 that have none. #}
{% macro owner_of(model_id) -%}
    case when contains({{ model_id }}, '/') then split_part({{ model_id }}, '/', 1) end
{%- endmacro %}


{# The repository's own name: the id without its owner. #}
{% macro name_of(model_id) -%}
    substr({{ model_id }}, position('/' in {{ model_id }}) + 1)
{%- endmacro %}


{# A text on one line, without invisible letters, encoded slashes and blanks; typographic quotes become plain ones. #}
{% macro on_one_line(text) -%}
    {%- set blanks = "\u00a0\u2007\u202f\u2028\u2029\u3000" -%}
    {%- set quotes = "\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019" -%}
    {%- set invisible = "\u200b\u200c\u200d\u2060\ufeff" -%}
    {{ replace_pattern(
        replace_pattern(
            "translate(" ~ text ~ ", chr(9) || chr(10) || chr(13) || '" ~ blanks ~ "\uff0f\uff0c\uff1b\u3001" ~ quotes ~ invisible ~ "', '         /,;,"
            ~ '"""""' ~ "``')",
            '%2[fF]', '/'
        ),
        '%20|&nbsp;|(?i)<br */?>', ' '
    ) }}
{%- endmacro %}

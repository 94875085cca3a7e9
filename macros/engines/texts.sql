{# Patterns and trimming for both engines. #}

{# Every match of a pattern replaced. Patterns contain no backslash, so that both engines read them alike. #}
{% macro replace_pattern(text, pattern, replacement) -%}
    {{ return(adapter.dispatch('replace_pattern', 'hub_lineage')(text, pattern, replacement)) }}
{%- endmacro %}


{% macro duckdb__replace_pattern(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}


{% macro spark__replace_pattern(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}')
{%- endmacro %}


{# A text without any of the given characters at its ends. #}
{% macro trim_characters(text, characters) -%}
    {{ return(adapter.dispatch('trim_characters', 'hub_lineage')(text, characters)) }}
{%- endmacro %}


{% macro duckdb__trim_characters(text, characters) -%}
    trim({{ text }}, '{{ characters }}')
{%- endmacro %}


{% macro spark__trim_characters(text, characters) -%}
    trim(both '{{ characters }}' from {{ text }})
{%- endmacro %}


{# A text without the spaces at its ends, including those of Unicode (no-break, wide, thin). #}
{% macro trim_spaces(text) -%}
    {{ return(adapter.dispatch('trim_spaces', 'hub_lineage')(text)) }}
{%- endmacro %}


{% macro duckdb__trim_spaces(text) -%}
    trim({{ text }})
{%- endmacro %}


{% macro spark__trim_spaces(text) -%}
    trim(
        both ' \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000'
        from {{ text }}
    )
{%- endmacro %}


{# Whether a pattern occurs anywhere in a text. #}
{% macro matches(text, pattern) -%}
    {{ return(adapter.dispatch('matches', 'hub_lineage')(text, pattern)) }}
{%- endmacro %}


{% macro duckdb__matches(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}


{% macro spark__matches(text, pattern) -%}
    regexp_like({{ text }}, '{{ pattern }}')
{%- endmacro %}

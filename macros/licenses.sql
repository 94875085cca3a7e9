{#
    The Hub's word for a licence in what a card or a tag says: its letters are small, and some spellings in use have one
    meaning only. Words for nothing are none; `unknown` and `other` are words of the Hub.
#}
{% macro license_in(text) -%}
    {%- set plain = replace_pattern(trim_characters("lower(" ~ text ~ ")", ' []"' ~ "''"), '[ _]+', '-') -%}
    case {{ plain }}
        {%- for word in ['', 'more-information-needed', 'none', 'null', 'n/a', 'nan', 'na', 'undefined', 'tbd', 'todo', '-'] %}
        when '{{ word }}' then null
        {%- endfor %}
        {%- for license, spellings in {
            'apache-2.0': ['apache-2', 'apache2', 'apache2.0', 'apache-license-2.0', 'apache-2.0-license', 'apache-license,-version-2.0'],
            'mit': ['mit-license', 'the-mit-license'],
            'gpl-3.0': ['gpl-3', 'gpl3', 'gplv3', 'gpl-v3', 'gnu-gpl-v3'],
            'agpl-3.0': ['agpl-3', 'agpl3', 'agplv3', 'agpl-v3'],
            'bsd-3-clause': ['bsd-3', 'bsd3'],
            'cc-by-4.0': ['cc-by-4'],
            'cc-by-sa-4.0': ['cc-by-sa-4'],
            'cc-by-nc-4.0': ['cc-by-nc-4'],
            'cc-by-nc-sa-4.0': ['cc-by-nc-sa-4'],
            'cc0-1.0': ['cc0', 'cc-0'],
        }.items() %}
        {%- for spelling in spellings %}
        when '{{ spelling }}' then '{{ license }}'
        {%- endfor %}
        {%- endfor %}
        else {{ plain }}
    end
{%- endmacro %}

{#
    The Hub's word for a licence in the text of a card or a tag: in lower case, with the common spellings that have only one
    meaning, with or without `the` before or `license` after them. Words for nothing become null; `unknown` and `other` are
    words of the Hub.
#}
{% macro license_in(text) -%}
    {%- set plain = replace_pattern(trim_characters("lower(" ~ text ~ ")", ' []"' ~ "''"), '[ _]+', '-') -%}
    case {{ replace_pattern(plain, '^(?:the-|licen[cs]e:-*|spdx:-*)|(?:-licen[cs]e)?[.,]*$', '') }}
        {%- for word in [
            '', 'more-information-needed', 'needs-more-information', 'none', 'null', 'n/a', 'nan', 'na', 'undefined', 'unspecified',
            'not-specified', 'tbd', 'todo', '-', '--', '?',
        ] %}
        when '{{ word }}' then null
        {%- endfor %}
        {%- for license, spellings in {
            'apache-2.0': [
                'apache-2', 'apache2', 'apache2.0', 'apache-v2', 'apache-v2.0', 'apache-license-2.0', 'apache-license-v2', 'apache-license-v2.0',
                'apache-license-version-2.0', 'apache-license,-version-2.0', 'https://www.apache.org/licenses/license-2.0',
            ],
            'mit': ['mit-license-(mit)', 'https://opensource.org/licenses/mit', 'https://opensource.org/license/mit'],
            'gpl-2.0': ['gpl-2', 'gpl2', 'gplv2', 'gpl-v2'],
            'gpl-3.0': [
                'gpl-3', 'gpl3', 'gplv3', 'gpl-v3', 'gpl-v3.0', 'gnu-gpl-v3', 'gnu-gplv3', 'gnu-gpl-v3.0', 'gnu-general-public-license-v3.0',
                'gpl-3.0-only', 'gpl-3.0-or-later',
            ],
            'agpl-3.0': [
                'agpl-3', 'agpl3', 'agplv3', 'agpl-v3', 'gnu-affero-general-public-license-v3.0', 'agpl-3.0-only', 'agpl-3.0-or-later',
            ],
            'lgpl-3.0': ['lgpl-3', 'lgpl3', 'lgplv3', 'lgpl-v3', 'lgpl-3.0-only', 'lgpl-3.0-or-later'],
            'bsd-2-clause': ['bsd-2', 'bsd2'],
            'bsd-3-clause': ['bsd-3', 'bsd3'],
            'cc-by-4.0': ['cc-by-4', 'creative-commons-attribution-4.0'],
            'cc-by-sa-4.0': ['cc-by-sa-4'],
            'cc-by-nc-4.0': ['cc-by-nc-4'],
            'cc-by-nc-sa-4.0': ['cc-by-nc-sa-4'],
            'cc-by-nc-nd-4.0': ['cc-by-nc-nd-4'],
            'cc0-1.0': ['cc0', 'cc-0'],
            'mpl-2.0': ['mpl-2', 'mpl2', 'mplv2'],
            'unlicense': [],
        }.items() %}
        {%- for spelling in [license] + spellings %}
        when '{{ spelling }}' then '{{ license }}'
        {%- endfor %}
        {%- endfor %}
        else {{ plain }}
    end
{%- endmacro %}

{#
    The ids of repositories, as the Hub allows them, and the id inside a text. Cards, tags and
    tables write ids with links, schemes of tools, markup, files and revisions, which are removed where there is no doubt.
#}

{#
    Whether a text is an id that a repository can have: the rule of huggingface_hub (validate_repo_id) except for
    length, since models of 2021 have names of up to 250 letters.
#}
{% macro is_repository_id(text) -%}
    (
        {{ matches(text, '^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?/)?[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$') }}
        and not {{ matches(text, '--|[.][.]|[.][gG][iI][tT]$') }}
    )
{%- endmacro %}


{# Whether an id means something else: a route of the Hub, which cannot be an owner, a DOI or a paper. #}
{% macro is_no_model(text) -%}
    {{ matches("lower(" ~ text ~ ")",
        "^(?:datasets|spaces|models|papers|collections|docs|blog|transformers|tasks|learn|posts|api|settings|organizations|new|join|login|pricing"
        ~ "|chat|search|buckets|kernels|inference|inference-endpoints|enterprise|languages)(?:/|$)"
        ~ "|^(?:doi:|doi[.]org/|arxiv:|arxiv[.]org/|10[.][0-9]{4,9}/)") }}
{%- endmacro %}


{#
    Whether the id in a link leads to the site's own pictures, which cards show. Not part of `is_no_model`: `front` is an owner, too,
    and the Hub has listed its repositories, one of them by this very name.
#}
{% macro is_site_picture(text) -%}
    lower({{ text }}) = 'front/assets'
{%- endmacro %}


{#
    The part after the host in a link to the Hub or its mirror, or after the scheme by which tools name a repository of the Hub
    (hf://, hf-hub:, git@hf.co:); empty where there is none.
#}
{% macro behind_hub_host(text) -%}
    {{ replace_pattern(
        "coalesce(
            nullif(regexp_extract(" ~ text ~ ", '(?i)(?:^|[^A-Za-z0-9.-])"
            ~ "(?:(?:www[.])?(?:huggingface[.]co|hf[.]co|hf-mirror[.]com)|api-inference[.]huggingface[.]co/models)(?::[0-9]+)?[:/](.*)$', 1), ''),
            regexp_extract(" ~ text ~ ", '(?i)^(?:hf|hf[-_]hub|huggingface|huggingface[-_]hub):(?://)?(?:models/)?(.*)$', 1)
        )",
        '^(?i)api/models/', ''
    ) }}
{%- endmacro %}


{# A text without its last `length` letters where a pattern finds an ending of that length. #}
{% macro without_ending(text, pattern, length) -%}
    case when {{ matches(text, pattern) }} then left({{ text }}, length({{ text }}) - {{ length }}) else {{ text }} end
{%- endmacro %}


{# The first one or two parts of a path after the host, up to a sign that no path contains. #}
{% macro first_parts(path) -%}
    regexp_extract({{ path }}, '^([^/?#()<> "`,;|'']+(?:/[^/?#()<> "`,;|'']+)?)', 1)
{%- endmacro %}


{# The id in a link to the Hub, or the unchanged text: for ids that a table writes as links. #}
{% macro id_in_link(text) -%}
    case
        when {{ matches(text, '(?i)^(?:https?://)?(?:www[.])?(?:huggingface[.]co|hf[.]co)/') }}
            then coalesce(nullif({{ first_parts(behind_hub_host(text)) }}, ''), {{ text }})
        else {{ text }}
    end
{%- endmacro %}


{#
    The ids in a text that consists only of several ids: a list with bullets or numbers, on lines or on one line,
    joined by blanks, marks, a cross or `and`, with or without the weights of a merge; or links. Any other text stays whole.
#}
{% macro several_ids(text) -%}
    {%- set host = '(?:huggingface[.]co|hf[.]co)/' -%}
    {%- set one = '(?:(?:https?://)?(?:www[.])?' ~ host ~ ')?[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+(?:[:@][A-Za-z0-9_.-]+)?/?' -%}
    {%- set joint = '(?: *(?:[,;|+·×]|&&?) *| +(?:and|And|AND|x) +| +/ +| +)' -%}
    {%- set plain = replace_pattern(
        "translate(" ~ on_one_line(text) ~ ", '" ~ '"`[]' ~ "' || chr(39), '')",
        '(?:^| )(?:base_models?: *)?(?:[-*•]|[0-9]+[.)]|and) +|(?:^| )base_models?: *|(?:^|[ +])[0-9.]+ *[*×] *| *[(][0-9.]+ *%?[)]', ' '
    ) -%}
    case
        when {{ matches(on_one_line(text), '(?i)' ~ host ~ '.*' ~ host) }}
            then regexp_extract_all({{ on_one_line(text) }}, '(?i){{ host }}[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)?', 0)
        when {{ matches(plain, '^ *' ~ one ~ '(?:' ~ joint ~ one ~ ')+[ .;]*$') }}
            then split({{ replace_pattern(trim_characters(plain, ' .;'), joint, ',') }}, ',')
        else {{ list_of(text) }}
    end
{%- endmacro %}


{# Whether a text may contain several ids: a check of its letters, before it is split. #}
{% macro may_be_several(text) -%}
    {{ matches(text, '[^A-Za-z0-9_./:-]') }}
{%- endmacro %}


{# The values in a JSON list, or in the list inside an object; any other value by itself. #}
{% macro values_within(value) -%}
    case
        when {{ type_of_json(value) }} = 'ARRAY' then {{ json_list(value) }}
        when {{ type_of_json(value) }} = 'OBJECT'
            then case
                {%- for key in ['base_model', 'base_models', 'model', 'models'] %}
                when {{ type_of_json(value, '$.' ~ key) }} = 'ARRAY' then {{ json_list(json_at(value, '$.' ~ key)) }}
                {%- endfor %}
                else {{ list_of(value) }}
            end
        else {{ list_of(value) }}
    end
{%- endmacro %}


{# The text under the first of the usual keys by which an object names its model; null where there is none. #}
{% macro id_in_object(value) -%}
    coalesce(
        {%- for key in ['id', 'model_id', 'modelId', 'repo_id', 'model', 'base_model', 'url', 'name'] %}
        case when {{ type_of_json(value, '$.' ~ key) }} = 'VARCHAR' then {{ json_text(value, '$.' ~ key) }} end{{ ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

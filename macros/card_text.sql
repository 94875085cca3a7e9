{#
    Parents in the prose of a model card: words that name a relation, followed by a link to the Hub or an id. Trained or
    tuned "on" something names data and is not read.
#}

{#
    The prose of a card, without its metadata. Brackets and line breaks become signs that have no meaning in a pattern,
    so that one pattern serves both engines.
#}
{% macro card_prose(card) -%}
    {{ replace_pattern(
        "translate(" ~ card ~ ", '[]' || chr(10) || chr(13) || chr(9), '‹›¶  ')",
        '^.?[ ¶]*---[ ]*¶.*?¶---[ ]*(?:¶|$)', ''
    ) }}
{%- endmacro %}


{#
    The words that name a parent, strongest first: the card of a conversion often contains that of its parent, and the card of
    a fine-tune says what it is based on. After a verb a link may follow some words later, after a label it follows at once.
#}
{% macro card_phrases() -%}
    {%- set formats = '(?:gguf|ggml|gptq|awq|exl2|exl3|mlx|onnx|openvino|mnn|safetensors)' -%}
    {{ return([
        {
            'phrase': 'conversion',
            'words': '(?:quanti[sz]ed|quanti[sz]ation|[2-8]-?bit|fp8|fp16|bf16|int8|int4|' ~ formats ~ ')[A-Za-z0-9/ _-]{0,30} '
                ~ '(?:versions?|variants?|conversions?|copy|formats?|quants?|quanti[sz]ations?|model files|files|weights) (?:of|for|from)'
                ~ '|(?:quants?|quanti[sz]ations?) (?:of|for|from)|(?:converted|exported|quanti[sz]ed)(?: to [A-Za-z0-9/., _-]{1,40})? from',
            'between': '[^‹›()¶!?]{0,60}',
        },
        {
            'phrase': 'original model',
            'words': '(?:original|unquanti[sz]ed|source)(?: unquanti[sz]ed)? (?:model|weights|repository|repo)(?: card)?s?',
            'between': '[ :*_|]{0,8}',
        },
        {
            'phrase': 'fine-tune',
            'words': 'fine-? ?tun(?:ed|e|ing)(?: (?:version|variant|checkpoint|model|derivative))?s? (?:of|from)'
                ~ '|(?:continued|continual|further) (?:pre-?)?training (?:of|from)'
                ~ '|(?:adapters?|lora|qlora)(?: (?:weights|adapters?|model))? (?:for|of)'
                ~ '|(?:abliterated|uncensored|distilled|pruned)(?: (?:version|variant))? (?:of|from)|initiali[sz]ed (?:from|with)',
            'between': '[^‹›()¶!?]{0,60}',
        },
        {
            'phrase': 'base model',
            'words': '(?:base[ _]model|parent model|foundation model|backbone)(?: name)?s?',
            'between': '[ :*_|]{0,8}',
        },
        {
            'phrase': 'based on',
            'words': '(?:based|built) (?:up)?on(?: top of)?|derived from',
            'between': '[^‹›()¶!?]{0,40}',
        },
    ]) }}
{%- endmacro %}


{# A link to a repository of the Hub, as a pattern. #}
{% macro hub_link() -%}
    {{ return('(?:https?://)?(?:www[.])?(?:huggingface[.]co|hf[.]co)/[A-Za-z0-9_][A-Za-z0-9_.-]*/[A-Za-z0-9_][A-Za-z0-9_.-]*') }}
{%- endmacro %}


{#
    The first link or id after some words, with the text between; empty where there is none. A link in brackets may
    follow some words later, a bare link or id only directly.
#}
{% macro mention_behind(prose, phrase) -%}
    {%- set id = '[A-Za-z0-9_][A-Za-z0-9_.-]*/[A-Za-z0-9_][A-Za-z0-9_.-]*' -%}
    {%- set in_brackets = phrase.between ~ "‹[^¶›]{0,160}›[(]" ~ hub_link() -%}
    {%- set behind = '[ :*_|]{0,8}(?:the |a |model )?[:*_|`"<‹( -]{0,8}(?:' ~ hub_link() ~ "|" ~ id ~ ")" -%}
    regexp_extract({{ prose }}, '(?i)(?:{{ phrase.words }})(?:{{ in_brackets }}|{{ behind }})', 0)
{%- endmacro %}


{# The list of merged models in a card's prose: the items of a list after the tools' own words, else a sentence of links. #}
{% macro merged_models(prose) -%}
    {%- set listed = "(?i)(?:included in the merge|merge of the following(?: models)?|following models(?: were merged)?)"
        ~ "[^¶]{0,80}((?:[ ¶]{0,4}[*-] ?[^¶]{1,240})+)" -%}
    {%- set told = "(?i)(?:merge|mix|blend|combination) (?:of|between)([^¶]{0,600})" -%}
    coalesce(
        nullif(regexp_extract({{ prose }}, '{{ listed }}', 1), ''),
        regexp_extract({{ prose }}, '{{ told }}', 1)
    )
{%- endmacro %}


{# The parent of a merge that its card calls the base, with the words around it; empty where there is none. #}
{% macro merge_base(prose) -%}
    {%- set base = "(?i)using ‹[^¶›]{0,160}›[(]" ~ hub_link() ~ "[^)¶]{0,20}[)] as (?:a|the) base" -%}
    regexp_extract({{ prose }}, '{{ base }}', 0)
{%- endmacro %}

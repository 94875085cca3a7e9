{# Text of a JSON value at a path; null where the document or the path is not there or is no JSON. #}
{% macro json_text(document, path) -%}
    try(json_extract_string({{ document }}, '{{ path }}'))
{%- endmacro %}


{#
    The fields of a Hub item that the project reads, parsed in one pass. What users may write in any
    shape stays JSON and is judged by its type afterwards; numbers come as text, because a cast that
    fails must null one value and not the item.
#}
{% macro parsed_hub_item(raw_json) -%}
    try(from_json({{ raw_json }}, '{
        "_id": "VARCHAR", "id": "VARCHAR", "modelId": "VARCHAR",
        "createdAt": "VARCHAR", "lastModified": "VARCHAR", "private": "VARCHAR",
        "downloads": "VARCHAR", "downloadsAllTime": "VARCHAR", "likes": "VARCHAR", "trendingScore": "VARCHAR",
        "gated": "VARCHAR", "pipeline_tag": "VARCHAR", "library_name": "VARCHAR",
        "tags": ["VARCHAR"], "baseModels": "JSON",
        "cardData": {"base_model": "JSON", "base_model_relation": "JSON", "license": "JSON",
                     "library_name": "JSON", "pipeline_tag": "JSON"},
        "cardText": {"base_model": "JSON"},
        "config": {"peft": {"base_model_name_or_path": "JSON"}},
        "safetensors": {"total": "VARCHAR"}, "gguf": {"total": "VARCHAR"}
    }'))
{%- endmacro %}


{# A JSON value that may be a text or a list, as a list of JSON values; null where it says nothing. #}
{% macro json_values(value) -%}
    case
        when coalesce(json_type({{ value }}), 'NULL') = 'NULL' then null
        when json_type({{ value }}) = 'ARRAY' then from_json({{ value }}, '["JSON"]')
        else [{{ value }}]
    end
{%- endmacro %}


{# The first text in a JSON value that may be a text or a list of texts. #}
{% macro first_json_text(value) -%}
    case json_type({{ value }})
        when 'ARRAY' then case when json_type({{ value }}, '$[0]') = 'VARCHAR' then {{ value }} ->> '$[0]' end
        when 'VARCHAR' then {{ value }} ->> '$'
    end
{%- endmacro %}


{#
    JSON with a lone half of a surrogate pair is no JSON to the engine. Python and the Hub's own
    clients read it, so the escape is replaced by the replacement character and the item is kept.
    The text is mended before it is parsed: to parse it twice, and the mended one where the first
    came to nothing, copied every parsed item (3.9 s of CPU at 2,556,240 models).
#}
{% macro sound_json(raw_json) -%}
    case
        when {{ matches(raw_json, '[\\\\]u[dD]') }} and not json_valid({{ raw_json }})
            then regexp_replace(
                {{ raw_json }},
                '[\\]u[dD][89abAB][0-9a-fA-F]{2}([\\]u[dD][c-fC-F][0-9a-fA-F]{2})?|[\\]u[dD][c-fC-F][0-9a-fA-F]{2}',
                '\\ufffd',
                'g'
            )
        else {{ raw_json }}
    end
{%- endmacro %}


{# A count in a JSON text, as a whole number; null where it is none or below 0. #}
{% macro whole_number(text) -%}
    case
        when {{ matches(text, '^[0-9]+$') }} then try_cast({{ text }} as bigint)
        when try_cast({{ text }} as bigint) is not null and try_cast({{ text }} as double) >= 0
            then cast(floor(try_cast({{ text }} as decimal(38, 6))) as bigint)
    end
{%- endmacro %}

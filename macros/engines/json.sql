{#
    JSON for both engines. DuckDB has a type for it; on Spark a stored JSON value is its text,
    and an item being read is a variant.
#}

{# Text of a JSON value at a path; null where the document or the path is missing or not JSON. #}
{% macro json_text(document, path) -%}
    {{ return(adapter.dispatch('json_text', 'hub_lineage')(document, path)) }}
{%- endmacro %}


{% macro duckdb__json_text(document, path) -%}
    try(json_extract_string({{ document }}, '{{ path }}'))
{%- endmacro %}


{% macro spark__json_text(document, path) -%}
    get_json_object({{ document }}, '{{ path }}')
{%- endmacro %}


{#
    The fields of a Hub item that the project reads, parsed in one pass; null where the text is not JSON. Fields that
    users may write in any shape stay JSON and are examined by type afterwards; numbers come as text, because
    a cast that fails must null one value and not the item. Spark reads the first value of a text and ignores
    the rest: within brackets it has to read all of it, and a second value is found. The text is kept
    beside it, because a variant loses the order of an object's keys.
#}
{% macro parsed_hub_item(raw_json) -%}
    {{ return(adapter.dispatch('parsed_hub_item', 'hub_lineage')(raw_json)) }}
{%- endmacro %}


{% macro duckdb__parsed_hub_item(raw_json) -%}
    try(from_json({{ raw_json }}, '{
        "_id": "VARCHAR", "id": "VARCHAR", "modelId": "VARCHAR",
        "createdAt": "VARCHAR", "lastModified": "VARCHAR", "private": "VARCHAR",
        "downloads": "VARCHAR", "downloadsAllTime": "VARCHAR", "likes": "VARCHAR", "trendingScore": "VARCHAR",
        "gated": "VARCHAR", "pipeline_tag": "VARCHAR", "library_name": "VARCHAR",
        "tags": ["VARCHAR"], "baseModels": "JSON",
        "cardData": {"base_model": "JSON", "base_model_relation": "JSON", "license": "JSON", "license_name": "JSON",
                     "language": "JSON", "library_name": "JSON", "pipeline_tag": "JSON"},
        "cardText": {"base_model": "JSON"},
        "config": {"architectures": "JSON", "model_type": "JSON", "peft": {"base_model_name_or_path": "JSON"},
                   "tokenizer_config": {"chat_template": "JSON"}},
        "safetensors": {"total": "VARCHAR", "parameters": "JSON"},
        "gguf": {"total": "VARCHAR", "chat_template": "JSON"}
    }'))
{%- endmacro %}


{% macro spark__parsed_hub_item(raw_json) -%}
    get(
        filter(
            transform(array({{ raw_json }}), text -> struct(text, try_parse_json('[' || text || ']') as parsed)),
            item -> item.parsed is not null and try_variant_get(item.parsed, '$[1]', 'variant') is null
        ),
        0
    )
{%- endmacro %}


{# A field of a parsed item as text, by its path, for example `safetensors.total`. #}
{% macro item_text(path) -%}
    {{ return(adapter.dispatch('item_text', 'hub_lineage')(path)) }}
{%- endmacro %}


{% macro duckdb__item_text(path) -%}
    item."{{ path | replace('.', '"."') }}"
{%- endmacro %}


{% macro spark__item_text(path) -%}
    try_variant_get(item.parsed, '$[0].{{ path }}', 'string')
{%- endmacro %}


{# A field of a parsed item as JSON. #}
{% macro item_json(path) -%}
    {{ return(adapter.dispatch('item_json', 'hub_lineage')(path)) }}
{%- endmacro %}


{% macro duckdb__item_json(path) -%}
    item."{{ path | replace('.', '"."') }}"
{%- endmacro %}


{% macro spark__item_json(path) -%}
    {%- set value = "to_json(try_variant_get(item.parsed, '$[0]." ~ path ~ "', 'variant'))" -%}
    case when contains({{ value }}, '{') then get_json_object(item.text, '$.{{ path }}') else {{ value }} end
{%- endmacro %}


{# A field of a parsed item as a list of texts; null if it is not a list. #}
{% macro item_texts(path) -%}
    {{ return(adapter.dispatch('item_texts', 'hub_lineage')(path)) }}
{%- endmacro %}


{% macro duckdb__item_texts(path) -%}
    item."{{ path | replace('.', '"."') }}"
{%- endmacro %}


{% macro spark__item_texts(path) -%}
    case when {{ type_of_json(item_json(path)) }} = 'ARRAY' then from_json({{ item_json(path) }}, 'array<string>') end
{%- endmacro %}


{#
    Type of a JSON value, or of the value at a path in it: VARCHAR, ARRAY, OBJECT, NULL, or something
    else; null where there is none.
#}
{% macro type_of_json(value, path=none) -%}
    {{ return(adapter.dispatch('type_of_json', 'hub_lineage')(value, path)) }}
{%- endmacro %}


{% macro duckdb__type_of_json(value, path) -%}
    json_type({{ value }}{{ ", '" ~ path ~ "'" if path }})
{%- endmacro %}


{% macro spark__type_of_json(value, path) -%}
    {%- set found = json_at(value, path) if path else value -%}
    case left({{ found }}, 1)
        when '"' then 'VARCHAR'
        when '[' then 'ARRAY'
        when '{' then 'OBJECT'
        when 'n' then 'NULL'
        else case when {{ found }} is not null then 'NUMBER' end
    end
{%- endmacro %}


{# The JSON value at a path of another one. #}
{% macro json_at(value, path) -%}
    {{ return(adapter.dispatch('json_at', 'hub_lineage')(value, path)) }}
{%- endmacro %}


{% macro duckdb__json_at(value, path) -%}
    json_extract({{ value }}, '{{ path }}')
{%- endmacro %}


{% macro spark__json_at(value, path) -%}
    to_json(try_variant_get(try_parse_json({{ value }}), '{{ path }}', 'variant'))
{%- endmacro %}


{# A JSON list as a list of JSON values. #}
{% macro json_list(value) -%}
    {{ return(adapter.dispatch('json_list', 'hub_lineage')(value)) }}
{%- endmacro %}


{% macro duckdb__json_list(value) -%}
    from_json({{ value }}, '["JSON"]')
{%- endmacro %}


{% macro spark__json_list(value) -%}
    zip_with(
        from_json({{ value }}, 'array<string>'),
        try_variant_get(try_parse_json({{ value }}), '$', 'array<variant>'),
        (entry_text, entry) -> case when contains(to_json(entry), '{') then entry_text else coalesce(to_json(entry), 'null') end
    )
{%- endmacro %}


{# A JSON value that may be a text or a list, as a list of JSON values; null where it has no content. #}
{% macro json_values(value) -%}
    case
        when coalesce({{ type_of_json(value) }}, 'NULL') = 'NULL' then null
        when {{ type_of_json(value) }} = 'ARRAY' then {{ json_list(value) }}
        else {{ list_of(value) }}
    end
{%- endmacro %}


{# The first text in a JSON value that may be a text or a list of texts. #}
{% macro first_json_text(value) -%}
    case {{ type_of_json(value) }}
        when 'ARRAY'
            then case when {{ type_of_json(value, '$[0]') }} = 'VARCHAR' then {{ json_text(value, '$[0]') }} end
        when 'VARCHAR' then {{ json_text(value, '$') }}
    end
{%- endmacro %}


{#
    The engines reject JSON with a lone half of a surrogate pair. Python and the Hub's own
    clients read it, so the escape is replaced by the replacement character and the item is kept. NaN and
    Infinity, which DuckDB accepts and Spark does not, become null.
    The text is repaired before it is parsed: parsing it twice, the repaired text only where the first
    parse failed, copied every parsed item (3.9 s of CPU at 2,556,240 models).
#}
{% macro sound_json(raw_json) -%}
    {{ return(adapter.dispatch('sound_json', 'hub_lineage')(raw_json)) }}
{%- endmacro %}


{% macro duckdb__sound_json(raw_json) -%}
    case
        when {{ matches(raw_json, '[\\\\]u[dD]') }} and not json_valid({{ raw_json }})
            then regexp_replace({{ raw_json }}, '{{ lone_half_of_a_pair() }}', '\\ufffd', 'g')
        else {{ raw_json }}
    end
{%- endmacro %}


{% macro spark__sound_json(raw_json) -%}
    {#- Spark drops one of two backslashes unless the text is raw. -#}
    case
        when regexp_like({{ raw_json }}, r'[\\]u[dD]|NaN|Infinity') and try_parse_json({{ raw_json }}) is null
            then regexp_replace(regexp_replace({{ raw_json }}, r'{{ lone_half_of_a_pair() }}', r'\\ufffd'), ': *-?(NaN|Infinity)', ': null')
        else {{ raw_json }}
    end
{%- endmacro %}


{# A pattern for the escape of one half of a surrogate pair, and of two halves that follow each other. #}
{% macro lone_half_of_a_pair() -%}
    {{ return('[\\\\]u[dD][89abAB][0-9a-fA-F]{2}([\\\\]u[dD][c-fC-F][0-9a-fA-F]{2})?|[\\\\]u[dD][c-fC-F][0-9a-fA-F]{2}') }}
{%- endmacro %}


{#
    A count in a JSON text, as a whole number; null if it is not one, below 0, or above 10^15: nothing on the Hub
    comes near, and the sum of an owner's counts has to fit into 64 bits.
#}
{% macro whole_number(text) -%}
    case
        when {{ matches(text, '^[0-9]{1,15}$') }} then cast({{ text }} as bigint)
        when try_cast({{ text }} as decimal(38, 6)) between 0 and 1000000000000000
            then cast(floor(try_cast({{ text }} as decimal(38, 6))) as bigint)
    end
{%- endmacro %}


{#
    The sum of the counts in an object, such as parameters by their type; null if one is not a count. A null member is
    ignored: tables give every model the types of all others.
#}
{% macro sum_of_counts(value) -%}
    {{ return(adapter.dispatch('sum_of_counts', 'hub_lineage')(value)) }}
{%- endmacro %}


{% macro duckdb__sum_of_counts(value) -%}
    {%- set texts = "list_filter(json_extract_string(" ~ value ~ ", '$.*'), lambda text: text is not null)" %}
    case
        when
            {{ type_of_json(value) }} = 'OBJECT'
            and not list_contains(list_transform({{ texts }}, lambda text: {{ whole_number('text') }} is null), true)
            then cast(list_sum(list_transform({{ texts }}, lambda text: {{ whole_number('text') }})) as bigint)
    end
{%- endmacro %}


{% macro spark__sum_of_counts(value) -%}
    {%- set texts = "filter(map_values(from_json(" ~ value ~ ", 'map<string,string>')), text -> text is not null)" -%}
    case
        when {{ type_of_json(value) }} = 'OBJECT' and size({{ texts }}) > 0
            then aggregate({{ texts }}, cast(0 as bigint), (total, text) -> total + {{ whole_number('text') }})
    end
{%- endmacro %}


{# A number in a JSON text; null if it is not one or is infinite. #}
{% macro finite_number(text) -%}
    {{ return(adapter.dispatch('finite_number', 'hub_lineage')(text)) }}
{%- endmacro %}


{% macro duckdb__finite_number(text) -%}
    case
        when {{ is_finite_value('try_cast(' ~ text ~ ' as double)') }}
            then try_cast({{ text }} as double)
    end
{%- endmacro %}


{% macro spark__finite_number(text) -%}
    case
        -- Spark would read `1d` and `1f` as numbers.
        when {{ is_finite_value('try_cast(' ~ text ~ ' as double)') }} and not {{ matches(text, '[dDfF] *$') }}
            then try_cast({{ text }} as double)
    end
{%- endmacro %}

{#
    The ending of a repository's name that marks its weights as another model's in another form: a format, a number of bits,
    the name of a quantization. Endings of adapters are left out, because an adapter's parent seldom has the rest of its
    name. On the declared pairs of the weekly additions of 2025 an adapter's name led to its parent in 1 of 20 cases, a
    GGUF's in 8 of 10.
#}
{% macro conversion_ending() -%}
    {{ return(
        "[-_.](?:gguf|ggml|awq|gptq|autoawq|autogptq|autoround|exl2|exl3|mlx|hqq|aqlm|bnb|imatrix|imat|i1|onnx|openvino|ov|mnn|ct2|quantized|smashed"
        ~ "|nf4|fp4|fp8|nvfp4|mxfp4|fp16|f16|bf16|fp32|f32|int(?:4|8)|8da4w|w(?:4|8)a(?:8|16)"
        ~ "|[2-8][-_]?bits?|i?q[1-8](?:_[0-9a-z]+)*|[2-9](?:[.][0-9]+)?bpw|h(?:6|8))$"
    ) }}
{%- endmacro %}


{# Whether a name in lower case has such an ending. #}
{% macro has_conversion_ending(name) -%}
    {{ matches(name, conversion_ending()) }}
{%- endmacro %}


{# A name in lower case without one such ending. #}
{% macro without_conversion_ending(name) -%}
    {{ replace_pattern(name, conversion_ending(), '') }}
{%- endmacro %}

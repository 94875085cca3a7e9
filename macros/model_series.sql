{#
    The words in names of repositories that name a series of models, in lower case; the spelling of the series; and the
    sign between it and its version. Where one word contains another (`codellama`), both are listed: a word ends where
    the letters do.
#}
{% macro known_series() -%}
    {%- set joined = {
        'qwen': 'Qwen', 'qwq': 'QwQ', 'smollm': 'SmolLM', 'smolvlm': 'SmolVLM', 'internlm': 'InternLM', 'internvl': 'InternVL',
        'chatglm': 'ChatGLM', 'minicpm': 'MiniCPM', 'wav2vec': 'wav2vec', 'starcoder': 'StarCoder', 'lfm': 'LFM',
    } -%}
    {%- set hyphenated = {
        'baichuan': 'Baichuan', 'deepseek': 'DeepSeek', 'glm': 'GLM', 'kimi': 'Kimi', 'minimax': 'MiniMax',
    } -%}
    {%- set spaced = {
        'llama': 'Llama', 'codellama': 'Code Llama', 'tinyllama': 'TinyLlama', 'gemma': 'Gemma', 'codegemma': 'CodeGemma',
        'paligemma': 'PaliGemma', 'medgemma': 'MedGemma', 'mistral': 'Mistral', 'ministral': 'Ministral', 'mixtral': 'Mixtral',
        'pixtral': 'Pixtral', 'magistral': 'Magistral', 'devstral': 'Devstral', 'codestral': 'Codestral', 'phi': 'Phi', 'yi': 'Yi',
        'falcon': 'Falcon', 'olmo': 'OLMo', 'olmoe': 'OLMoE', 'granite': 'Granite', 'nemotron': 'Nemotron', 'exaone': 'EXAONE',
        'command-r': 'Command R', 'aya': 'Aya', 'bloom': 'BLOOM', 'bloomz': 'BLOOMZ', 'pythia': 'Pythia', 'stablelm': 'StableLM',
        'gpt2': 'GPT-2', 'gpt-neox': 'GPT-NeoX', 'gpt-neo': 'GPT-Neo', 'gpt-j': 'GPT-J', 'gpt-oss': 'GPT-OSS', 't5': 'T5', 't5gemma': 'T5Gemma', 'mt5': 'mT5', 'flan-t5': 'Flan-T5',
        'bert': 'BERT', 'distilbert': 'DistilBERT', 'roberta': 'RoBERTa', 'xlm-roberta': 'XLM-RoBERTa', 'deberta': 'DeBERTa',
        'albert': 'ALBERT', 'electra': 'ELECTRA', 'modernbert': 'ModernBERT', 'whisper': 'Whisper', 'hubert': 'HuBERT', 'vit': 'ViT',
        'clip': 'CLIP', 'siglip': 'SigLIP', 'stable-diffusion': 'Stable Diffusion', 'sdxl': 'SDXL', 'flux': 'FLUX', 'ernie': 'ERNIE',
        'hunyuan': 'Hunyuan', 'jamba': 'Jamba', 'mamba': 'Mamba', 'rwkv': 'RWKV', 'zephyr': 'Zephyr', 'vicuna': 'Vicuna', 'mpt': 'MPT',
    } -%}
    {%- set series = {} -%}
    {%- for joint, names in [('', joined), ('-', hyphenated), (' ', spaced)] -%}
    {%- for word, name in names.items() -%} {%- do series.update({word: (name, joint)}) -%} {%- endfor -%}
    {%- endfor -%}
    {{ return(series) }}
{%- endmacro %}


{# The first word of a name that names a series; empty where there is none. #}
{% macro series_word(name) -%}
    regexp_extract(lower({{ name }}), '(?:^|[^a-z])({{ series_pattern() }})(?:$|[^a-z]|[vrkm][0-9])', 1)
{%- endmacro %}


{# The text after that word. #}
{% macro behind_series_word(name) -%}
    regexp_extract(lower({{ name }}), '(?:^|[^a-z])(?:{{ series_pattern() }})((?:[^a-z]|[vrkm][0-9]).*)$', 1)
{%- endmacro %}


{# All words as a pattern, the last of the alphabet first: `gpt-neox` is tried before `gpt-neo`, and that before `gpt`. #}
{% macro series_pattern() -%}
    {{ return(known_series().keys() | sort(reverse=true) | join('|')) }}
{%- endmacro %}


{#
    The version at the beginning of the text after the word; empty where there is none. A number with a unit (`7b`, `8x7b`)
    is a size, and so is one below 1; a letter before a number is part of the version (DeepSeek-R1, Kimi-K2, MiniMax-M1).
#}
{% macro series_version(behind) -%}
    replace(regexp_extract({{ behind }}, '^[-_. ]?([vrkm]?[1-9][0-9]?(?:[._][0-9]{1,2})?)(?:$|[- ]|[._][^0-9]|[^0-9bmkx._ -])', 1), '_', '.')
{%- endmacro %}


{# The spelling of a series, from its word and version; null without a word. #}
{% macro series_with_version(word, version) -%}
    case {{ word }}
        {%- for known, (series, joint) in known_series().items() %}
        when '{{ known }}' then '{{ series }}' || case
            when {{ version }} = '' then ''
            {%- if joint == ' ' %}
            else ' ' || {{ replace_pattern(version, '^v', '') }}
            {%- else %}
            else '{{ joint }}' || upper({{ version }})
            {%- endif %}
        end
        {%- endfor %}
    end
{%- endmacro %}

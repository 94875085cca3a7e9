-- One row per distinct text ever given as a parent, or as a model in another landed table: the id in it, or its fault.
with texts as (
    select claimed_parent from {{ ref('stg_hub__parent_claims') }}
    union
    select claimed_parent from {{ ref('int_parent_claims_by_name') }}
    union
    select claimed_model as claimed_parent from {{ ref('stg_benchmarks__scores') }}
    union
    select claimed_model as claimed_parent from {{ ref('stg_releases__dates') }}
    union
    select claimed_text as claimed_parent from {{ ref('int_parent_texts_beside') }}
),

on_one_line as (
    select
        claimed_parent,
        {{ on_one_line('claimed_parent') }} as line
    from texts
),

-- The text of a link in markdown; an id copied with its field, tag or command, with a remark that is not part of
-- a name, in an object, a call or underlines.
-- ‹ and › have no meaning in a pattern; Java does not read a bracket within brackets.
copied as (
    select
        claimed_parent,
        line,
        coalesce(
            nullif(regexp_extract(
                translate(line, '[]', '‹›'), '^ *‹([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)›(?:[(][^()]*[)]|‹[^‹›]*›) *$', 1
            ), ''),
            nullif(regexp_extract(
                line,
                '(?i)^ *(?:(?:base[_ ]models?|models?|models?[_ ]?id|repo_id|name) *[:=] *|(?:hf|huggingface-cli) +download +'
                || '|vllm +serve +|(?:llama-[a-z]+ +)?-hf +'
                || '|(?:fine-?tuned|based|derived|adapted|quantized|converted) +(?:from|on|of) *:? *)?'
                || '(?:(?:finetune|adapter|quantized|merge): *)?'
                || '["`'']?([A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9_.-]+(?::[A-Za-z0-9_.-]+)?)["`'']?(?: *[(][^()/0-9]*[)])? *$',
                1
            ), ''),
            nullif(regexp_extract(line, '^ *_+([A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9_.-]*[A-Za-z0-9])_+ *$', 1), ''),
            nullif(regexp_extract(
                line,
                '(?i)^ *[{] *["`''](?:id|model_?id|repo_id|model|base_model|name)["`''] *: *'
                || '["`'']([^"`''{}]+)["`''] *(?:,[^{}]*)?[}] *$',
                1
            ), ''),
            nullif(regexp_extract(line, '(?i)^ *[a-z0-9_.]*from_pretrained *[(] *["`'']([^"`'']+)["`''] *(?:,[^()]*)?[)] *$', 1), ''),
            line
        ) as inner_text
    from on_one_line
),

-- Markup, quotes, brackets and list bullets around the id, its weight in a merge, and notes that leaderboards append.
unwrapped as (
    select
        claimed_parent,
        line,
        {{ trim_characters(
            replace_pattern(
                replace_pattern(
                    trim_characters(replace_pattern("inner_text", '(?i)</?(?:br|b|i|em|strong|code|p|span|a|u|li|ul)(?: [^>]*)? */?>', ''), ' '),
                    '(?i) *[(](?:merge|[0-9.]+ *%?)[)]$', ''
                ),
                '^(?:[-*•]|[0-9]+[.)]) +|^(?:and|And|AND) +|^[0-9.]+ *[*×] *', ''
            ),
            ' []{}()<>`",;*' ~ "''"
        ) }} as text
    from copied
),

-- A link to the Hub has the id after the host; a cache folder has it as models--owner--name. After two slashes, two
-- parts are an id, but more of them are a path that a tool wrote instead of one.
located as (
    select
        claimed_parent,
        line,
        text,
        coalesce(nullif({{ behind_hub_host('line') }}, ''), {{ behind_hub_host('text') }}) as behind_host,
        regexp_extract(replace(text, chr(92), '/'), '(?:^|/)models--([^/]+)', 1) as cached
    from unwrapped
),

addressed as (
    select
        claimed_parent,
        line,
        text,
        behind_host != '' as is_hub_link,
        cached != '' as is_cache_path,
        case
            when {{ matches("behind_host", "^/+[^/]+/[^/]+/?$") }} then {{ trim_characters('behind_host', '/') }}
            when behind_host != '' then coalesce(nullif({{ first_parts('behind_host') }}, ''), behind_host)
            when contains(cached, '--')
                then split_part(cached, '--', 1) || '/' || substr(cached, position('--' in cached) + 2)
            when cached != '' then cached
            else {{ replace_pattern('text', '^@+', '') }}
        end as address
    from located
),

-- Files, revisions and trailing slashes after an id.
trimmed as (
    select
        claimed_parent,
        line,
        text,
        is_hub_link,
        is_cache_path,
        {{ replace_pattern(
            trim_characters(
                replace_pattern(
                    "coalesce(
                        nullif(regexp_extract(address, '^([^/]+/[^/]+)/(?:tree|blob|resolve|raw|commit|commits|discussions)(?:/.*)?$', 1), ''),
                        address
                    )",
                    '[@?#].*$', ''
                ),
                ' '
            ),
            '/+$', ''
        ) }} as spelled_id
    from addressed
),

-- A quantization after a colon; a blank on either side of the slash.
shortened as (
    select
        claimed_parent,
        line,
        text,
        is_hub_link,
        is_cache_path,
        case
            when {{ matches("spelled_id", "^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$") }} then split_part(spelled_id, ':', 1)
            when {{ matches("spelled_id", "^[A-Za-z0-9_.-]+ */ *[A-Za-z0-9_.-]+$") }} then replace(spelled_id, ' ', '')
            else spelled_id
        end as spelled_id
    from trimmed
),

-- The full stop of a sentence, then the ending of a clone address.
spelled as (
    select
        claimed_parent,
        line,
        text,
        is_hub_link,
        is_cache_path,
        {{ without_ending(
            without_ending('spelled_id', '[A-Za-z0-9_][.]$', 1), '(?i)^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+[.]git$', 4
        ) }} as spelled_id
    from shortened
),

judged as (
    select
        spelled.claimed_parent,
        spelled.spelled_id,
        lower(spelled.spelled_id) as parent_id_lower,
        contains(spelled.spelled_id, '/') as has_owner,
        case
            -- A seed cannot contain the word null, which dbt reads as no value.
            when
                spelled.spelled_id = ''
                or placeholders.placeholder is not null
                or owners.placeholder is not null
                or names.placeholder is not null
                or {{ matches("lower(spelled.spelled_id)", "^(todo[^/]*|null)$") }}
                or {{ matches("spelled.line", "^ *(?:[{][{]|[$][{A-Za-z_])") }}
                or {{ matches("translate(spelled.line, '[]', '<>')", "^ *[<{]+[^/<>{}]+[>}]+/|^[^/<>{} ]+/[<{]+[^/<>{}]+[>}]+ *$") }}
                then 'placeholder'
            when {{ is_no_model('spelled.spelled_id') }} or {{ is_site_picture('spelled.spelled_id') }} then 'not_a_model'
            when
                not spelled.is_hub_link
                and (
                    contains(spelled.line, '://') and not {{ matches("spelled.text", "(?i)^file:") }}
                    or {{ matches("spelled.text", "(?i)^(?:[a-z0-9-]+[.])+(?:com|org|net|cn)/[^/]+/[^/]") }}
                )
                then 'foreign_link'
            when
                not spelled.is_cache_path
                and (
                    contains(spelled.text, chr(92))
                    or {{ matches("spelled.text", "(?i)^([a-z]:|file:)") }}
                    or {{ matches("spelled.spelled_id", "^([.]{0,2}/|~)") }}
                    or {{ matches("spelled.spelled_id", "^[^ <>()|;,+&]*/[^ <>()|;,+&]*/") }}
                )
                then 'local_path'
            when not {{ is_repository_id('spelled.spelled_id') }} or length({{ name_of('spelled.spelled_id') }}) > 96 then 'malformed'
        end as fault
    from spelled
    left join {{ ref('placeholders') }} as placeholders on placeholders.placeholder = lower(spelled.spelled_id)
    left join {{ ref('placeholders') }} as owners on owners.placeholder = lower({{ owner_of('spelled.spelled_id') }}) || '/'
    left join {{ ref('placeholders') }} as names on names.placeholder = '/' || lower({{ name_of('spelled.spelled_id') }})
)

select
    claimed_parent,
    spelled_id,
    parent_id_lower,
    has_owner,
    fault,
    -- A relative path may begin like an id, and an old id may break the Hub's present rule: here only listed models count.
    case
        when fault in ('local_path', 'malformed')
            then nullif(lower(regexp_extract(
                {{ replace_pattern('spelled_id', '/+', '/') }}, '^([A-Za-z0-9_][A-Za-z0-9_.-]*/[A-Za-z0-9_.-]+)(?:/.*)?$', 1
            )), '')
    end as doubtful_id_lower
from judged

-- One row per distinct text that was ever given as a parent, with the id in it or what is wrong with it.
with texts as (
    select claimed_parent from {{ ref('stg_hub__parent_claims') }}
    union
    select claimed_parent from {{ ref('int_parent_claims_by_name') }}
),

-- Markup, quotes, brackets and list bullets around the id, and the leaderboards' note behind it.
unwrapped as (
    select
        claimed_parent,
        {{ trim_characters(
            replace_pattern(
                replace_pattern(
                    trim_characters(
                        replace_pattern("translate(claimed_parent, chr(9) || chr(10) || chr(13), '   ')", '<br */?>', ''),
                        ' '
                    ),
                    '(?i) *[(]merge[)]$', ''
                ),
                '^[-*] +', ''
            ),
            ' []{}()<>`",;' ~ "''"
        ) }} as text
    from texts
),

-- A link to the Hub holds the id behind the host; a cache folder holds it as models--owner--name.
located as (
    select
        claimed_parent,
        text,
        {{ matches("text", "(?i)(huggingface[.]co|hf[.]co)/") }} as is_hub_link,
        regexp_extract(text, '(?i)(?:huggingface[.]co|hf[.]co)/([^/?#)]+(?:/[^/?#)]+)?)', 1) as linked,
        regexp_extract(text, '(?i)(?:huggingface[.]co|hf[.]co)/(.*)$', 1) as behind_host,
        regexp_extract(replace(text, chr(92), '/'), '(?:^|/)models--([^/]+)', 1) as cached
    from unwrapped
),

addressed as (
    select
        claimed_parent,
        text,
        is_hub_link,
        cached != '' as is_cache_path,
        case
            when is_hub_link and linked != '' then linked
            when is_hub_link then behind_host
            when contains(cached, '--')
                then split_part(cached, '--', 1) || '/' || substr(cached, position('--' in cached) + 2)
            when cached != '' then cached
            else text
        end as address
    from located
),

-- Files, revisions and trailing slashes behind an id.
trimmed as (
    select
        claimed_parent,
        text,
        is_hub_link,
        is_cache_path,
        {{ replace_pattern(
            replace_pattern(
                "coalesce(
                    nullif(regexp_extract(address, '^([^/]+/[^/]+)/(?:tree|blob|resolve|raw|commit|commits|discussions)(?:/.*)?$', 1), ''),
                    address
                )",
                '[@?#].*$', ''
            ),
            '/+$', ''
        ) }} as spelled_id
    from addressed
),

judged as (
    select
        trimmed.claimed_parent,
        trimmed.spelled_id,
        lower(trimmed.spelled_id) as parent_id_lower,
        contains(trimmed.spelled_id, '/') as has_owner,
        case
            -- The word null cannot stand in a seed, where dbt takes it for no value.
            when
                trimmed.spelled_id = ''
                or placeholders.placeholder is not null
                or {{ matches("lower(trimmed.spelled_id)", "^(todo[^/]*|null)$") }}
                then 'placeholder'
            when
                trimmed.is_hub_link
                and {{ matches(
                    "lower(trimmed.spelled_id)",
                    "^(datasets|spaces|papers|collections|docs|blog|transformers|tasks|learn|posts|api|models)(/|$)"
                ) }}
                then 'not_a_model'
            when not trimmed.is_hub_link and contains(trimmed.text, '://') and not {{ matches("trimmed.text", "(?i)^file:") }}
                then 'foreign_link'
            when
                not trimmed.is_cache_path
                and (
                    contains(trimmed.text, chr(92))
                    or {{ matches("trimmed.text", "(?i)^([a-z]:|file:)") }}
                    or {{ matches("trimmed.spelled_id", "^([.]{0,2}/|~)") }}
                    or {{ matches("trimmed.spelled_id", "/.*/") }}
                )
                then 'local_path'
            when not {{ matches("trimmed.spelled_id", "^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)?$") }}
                then 'malformed'
        end as fault
    from trimmed
    left join {{ ref('placeholders') }} as placeholders
        on placeholders.placeholder = lower(trimmed.spelled_id)
)

select * from judged

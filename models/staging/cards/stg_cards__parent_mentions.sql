-- One row per landed card x phrase x parent named in its prose.
with cards as (
    select
        regexp_extract(filename, '([^/]+)$', 1) as file_name,
        file_row_number as file_row,
        lower({{ trim_spaces('cast(model_id as string)') }}) as claimed_model_lower,
        {{ card_prose('cast(card as string)') }} as prose
    from {{ source('landing', 'cards') }}
    where model_id is not null and card is not null
),

single_mentions as (
    {%- for phrase in card_phrases() %}
    select
        file_name,
        file_row,
        claimed_model_lower,
        '{{ phrase.phrase }}' as phrase,
        {{ loop.index if loop.index < 3 else loop.index + 1 }} as phrase_number,
        {{ mention_behind('prose', phrase) }} as mention
    from cards
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

merge_texts as (
    select
        file_name,
        file_row,
        claimed_model_lower,
        {{ merged_models('prose') }} as merged,
        {{ merge_base('prose') }} as base
    from cards
),

mentions as (
    select * from single_mentions
    where mention != ''
    union all
    select
        file_name,
        file_row,
        claimed_model_lower,
        'merge' as phrase,
        3 as phrase_number,
        {{ each_value("regexp_extract_all(merged || ' ' || base, '(?i)" ~ hub_link() ~ "', 0)") }} as mention
    from merge_texts
),

-- The match ends with the link or id; a full stop after it ends a sentence.
read_mentions as (
    select
        file_name,
        file_row,
        claimed_model_lower,
        phrase,
        phrase_number,
        regexp_extract(mention, '(?i)(?:huggingface[.]co|hf[.]co)/([^ ]+)$', 1) as linked_id,
        regexp_extract(mention, '([A-Za-z0-9_][A-Za-z0-9_.-]*/[A-Za-z0-9_][A-Za-z0-9_.-]*)$', 1) as bare_id
    from mentions
),

named as (
    select distinct
        file_name,
        file_row,
        claimed_model_lower,
        phrase,
        phrase_number,
        {{ replace_pattern("coalesce(nullif(linked_id, ''), bare_id)", '[.-]+$', '') }} as claimed_parent,
        linked_id != '' as is_link
    from read_mentions
)

select
    file_name,
    file_row,
    claimed_model_lower,
    phrase,
    phrase_number,
    claimed_parent,
    is_link
from named
where claimed_parent != '' and not {{ is_no_model('claimed_parent') }} and not {{ is_site_picture('claimed_parent') }}

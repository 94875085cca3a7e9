-- One row per landed description of an owner.
with landed as (
    select
        regexp_extract(filename, '([^/]+)$', 1) as file_name,
        file_row_number as file_row,
        coalesce({{ trim_spaces('cast(owner as string)') }}, '') as claimed_owner,
        nullif({{ trim_spaces('cast(kind as string)') }}, '') as claimed_kind,
        nullif({{ trim_spaces('cast(country as string)') }}, '') as claimed_country,
        nullif({{ trim_spaces('cast(parent_organisation as string)') }}, '') as parent_organisation,
        coalesce({{ trim_spaces('cast(source as string)') }}, '') as source
    from {{ source('landing', 'owners') }}
),

-- Tables also write an owner as a link to its page or with a leading @.
named as (
    select
        *,
        {{ trim_characters(id_in_link('claimed_owner'), '@/') }} as owner
    from landed
),

judged as (
    select
        *,
        case
            when owner = '' then 'no_owner'
            when contains(owner, '/') or not {{ is_repository_id('owner') }} then 'malformed_owner'
        end as fault
    from named
)

select
    judged.file_name,
    judged.file_row,
    judged.source,
    judged.claimed_owner,
    case when judged.fault is null then judged.owner end as owner,
    case when judged.fault is null then lower(judged.owner) end as owner_lower,
    judged.claimed_kind,
    kinds.kind,
    judged.claimed_country,
    countries.country,
    countries.level as country_level,
    countries.region,
    judged.parent_organisation,
    judged.fault
from judged
left join {{ ref('owner_kind_spellings') }} as kinds on lower(judged.claimed_kind) = kinds.spelling
left join {{ ref('country_spellings') }} as countries on lower(judged.claimed_country) = countries.spelling

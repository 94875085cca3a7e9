-- One row per Hub model in the latest snapshot: its licence in one spelling, its class, and the obligations it passes on.
with models as (
    select
        models.model_key,
        coalesce(spellings.license, models.license) as license,
        coalesce(name_spellings.license, models.license_name) as license_name,
        models.n_licenses
    from {{ ref('int_models_listed') }} as models
    left join {{ ref('licence_spellings') }} as spellings on models.license = spellings.spelling
    left join {{ ref('licence_spellings') }} as name_spellings on models.license_name = name_spellings.spelling
),

-- `other` means that the terms are named elsewhere on the card.
named as (
    select
        model_key,
        case when license = 'other' then coalesce(license_name, license) else license end as license,
        n_licenses
    from models
),

classes as (
    select
        classes.license,
        classes.licence_class,
        coalesce(sum(obligations.bit), 0) as obligation_bits
    from {{ ref('licence_classes') }} as classes
    left join {{ ref('licence_obligations') }} as obligations
        on contains(';' || classes.obligations || ';', ';' || obligations.obligation || ';')
    group by classes.license, classes.licence_class
)

select
    named.model_key,
    named.license,
    case
        when named.license is null then 'none'
        when classes.licence_class is not null then classes.licence_class
        when named.license in ('other', 'unknown', 'cc') then 'unknown'
        when {{ matches('named.license', 'non-?commercial|research-(?:only|licen)') }} then 'research_only'
        else 'custom'
    end as licence_class,
    cast(classes.obligation_bits as integer) as obligation_bits,
    named.n_licenses
from named
left join classes on named.license = classes.license

-- One row per landed description of an owner.
with models as (
    select distinct owner_lower from {{ ref('int_models_listed') }}
)

select
    descriptions.file_name,
    cast(descriptions.file_row as bigint) as file_row,
    descriptions.source,
    descriptions.claimed_owner,
    owners.owner,
    descriptions.claimed_kind,
    descriptions.kind,
    descriptions.claimed_country,
    case when descriptions.country_level != 'unknown' then descriptions.country end as country,
    descriptions.parent_organisation,
    models.owner_lower is not null as is_owner_listed,
    case
        when descriptions.fault is not null then descriptions.fault
        when descriptions.claimed_country is not null and descriptions.country is null then 'country_not_recognised'
        when descriptions.claimed_kind is not null and descriptions.kind is null then 'kind_not_recognised'
        when owners.country_status = 'contradictory' then 'country_contradictory'
        when owners.kind_status = 'contradictory' then 'kind_contradictory'
        when models.owner_lower is null then 'owner_not_listed'
    end as doubt
from {{ ref('stg_owners__descriptions') }} as descriptions
left join {{ ref('int_owners_numbered') }} as owners on descriptions.owner_lower = owners.owner_lower
left join models on descriptions.owner_lower = models.owner_lower

-- One row per owner that landed tables describe: the values on which tables agree, or why there are none.
with descriptions as (
    select * from {{ ref('stg_owners__descriptions') }}
    where fault is null
),

counted as (
    select
        owner_lower,
        min(owner) as owner,
        count(*) as n_descriptions,
        count(distinct source) as n_sources,
        count(distinct kind) as n_kinds,
        min(kind) as kind,
        count(claimed_kind) as n_claimed_kinds,
        count(distinct case when country_level = 'country' then country end) as n_countries,
        min(case when country_level = 'country' then country end) as country,
        min(case when country_level = 'country' then region end) as region_of_country,
        count(distinct case when country_level = 'region' then country end) as n_regions,
        min(case when country_level = 'region' then country end) as region,
        min(case when country_level = 'rest' then country end) as rest,
        count(claimed_country) as n_claimed_countries,
        count(case when country_level = 'unknown' then 1 end) as n_said_unknown,
        count(distinct lower(parent_organisation)) as n_parent_organisations,
        min(parent_organisation) as parent_organisation
    from descriptions
    group by owner_lower
),

-- A country within the region that another source gives is not a contradiction but more precise.
judged as (
    select
        *,
        n_countries > 1 or n_regions > 1 or (n_countries = 1 and n_regions = 1 and coalesce(region_of_country, '') != region)
            as is_country_contradictory
    from counted
)

select
    owner_lower,
    owner,
    n_descriptions,
    n_sources,
    case when n_kinds = 1 then kind end as kind,
    case
        when n_kinds > 1 then 'contradictory'
        when n_kinds = 1 then 'given'
        when n_claimed_kinds > 0 then 'not_recognised'
        else 'not_given'
    end as kind_status,
    case when not is_country_contradictory then coalesce(country, region, rest) end as country,
    case
        when is_country_contradictory then 'contradictory'
        when coalesce(country, region, rest) is not null then 'given'
        when n_said_unknown > 0 then 'said_unknown'
        when n_claimed_countries > 0 then 'not_recognised'
        else 'not_given'
    end as country_status,
    case when n_parent_organisations = 1 then parent_organisation end as parent_organisation
from judged

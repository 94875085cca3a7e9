-- One row per repository known by name only whose name has belonged to exactly one repository with an immutable id.
with versions as (
    select
        lower(model_id) as model_id_lower,
        hub_oid,
        repository_key
    from {{ ref('stg_hub__versions') }}
),

nameless as (
    select distinct
        repository_key,
        model_id_lower
    from versions
    where hub_oid is null
)

select
    nameless.repository_key,
    nameless.model_id_lower,
    min(versions.repository_key) as linked_key
from nameless
inner join versions on nameless.model_id_lower = versions.model_id_lower
where versions.hub_oid is not null
group by nameless.repository_key, nameless.model_id_lower
having count(distinct versions.repository_key) = 1

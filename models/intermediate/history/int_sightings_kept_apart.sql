-- One row per complete snapshot x repository known by name only that cannot be the usual holder of its name, since that one is listed too.
with linked as (
    select * from {{ ref('int_repositories_linked_by_name') }}
),

sightings as (
    select
        snapshot_id,
        repository_key
    from {{ ref('stg_hub__sightings') }}
    -- Skipped where nothing is linked.
    where exists (select 1 from linked)
),

seen as (
    select
        sightings.snapshot_id,
        linked.repository_key,
        linked.linked_key,
        row_number() over (partition by sightings.snapshot_id, linked.linked_key order by linked.model_id_lower) as name_row
    from sightings
    inner join linked on sightings.repository_key = linked.repository_key
)

-- Two names of one repository in one snapshot are two models there.
select
    seen.snapshot_id,
    seen.repository_key
from seen
left join sightings as holders on seen.snapshot_id = holders.snapshot_id and seen.linked_key = holders.repository_key
where seen.name_row > 1 or holders.repository_key is not null

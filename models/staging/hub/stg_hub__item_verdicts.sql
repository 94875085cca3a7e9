-- One row per landed item of a complete snapshot: the reason why it is not used, or null.
with items as (
    select
        snapshot_id,
        part_number,
        part_row,
        page_number,
        item_number,
        fetched_at,
        hub_oid,
        model_id,
        lower(model_id) as model_id_lower,
        case
            when not is_parsed then 'invalid_json'
            when model_id is null then 'no_id'
            when coalesce(is_private, false) then 'private'
        end as fault
    from {{ ref('stg_hub__items') }}
),

-- A page that was fetched twice, or a repository that moved between two pages: the last word counts.
numbered_by_repository as (
    select
        *,
        row_number() over (
            partition by snapshot_id, fault, coalesce(hub_oid, model_id_lower)
            order by
                fetched_at desc nulls last, page_number desc nulls last, item_number desc nulls last,
                part_number desc, part_row desc
        ) as repository_row
    from items
),

-- Ids are case-insensitive: two rows that differ only by case are one model.
numbered_by_id as (
    select
        *,
        row_number() over (
            partition by snapshot_id, fault, repository_row = 1, model_id_lower
            order by
                fetched_at desc nulls last, page_number desc nulls last, item_number desc nulls last,
                part_number desc, part_row desc
        ) as id_row
    from numbered_by_repository
)

select
    snapshot_id,
    part_number,
    part_row,
    page_number,
    item_number,
    hub_oid,
    model_id,
    case
        when fault is not null then fault
        when repository_row > 1 then 'duplicate_repository'
        when id_row > 1 then 'duplicate_id'
    end as rejection_reason
from numbered_by_id

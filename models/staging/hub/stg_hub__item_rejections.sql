-- One row per landed item of a complete snapshot that is not used, with the reason.
-- Items are judged while they are read; those that repeat others are deleted later.
{{ config(
    materialized=incremental_or_table(),
    unique_key='snapshot_id',
    on_schema_change='sync_all_columns',
    pre_hook='{{ forget_what_was_read_before() }}'
) }}
with items as (
    select
        snapshot_id,
        reading_number,
        part_number,
        part_row,
        page_number,
        item_number,
        fetched_at,
        hub_oid,
        model_id,
        lower(model_id) as model_id_lower,
        coalesce(hub_oid, lower(model_id)) as repository,
        case
            when not is_parsed then 'invalid_json'
            when model_id is null then 'no_id'
            when coalesce(is_private, false) then 'private'
            -- A seed cannot contain the word null, which dbt reads as no value.
            when lower(model_id) = 'null' or lower(model_id) in (select placeholder from {{ ref('placeholders') }}) then 'placeholder'
            when {{ is_no_model('model_id') }} then 'not_a_model'
            when not {{ is_repository_id('model_id') }} then 'malformed'
        end as fault
    from {{ ref('stg_hub__items') }} as landed
    where {{ is_new_reading('landed') }}
),

-- Few items occur twice; they are found by counting, and only they are sorted. With
-- all of 2,556,240 items in two windows this took 5.8 s of CPU; now it takes 2.8.
repeated_repositories as (
    select
        snapshot_id,
        repository
    from items
    where fault is null
    group by snapshot_id, repository
    having count(*) > 1
),

-- A page fetched twice, or a repository that moved between two pages: the last reading counts.
numbered_by_repository as (
    select
        items.*,
        row_number() over (
            partition by items.snapshot_id, items.repository
            order by
                items.fetched_at desc nulls last, items.page_number desc nulls last, items.item_number desc nulls last,
                items.part_number desc, items.part_row desc
        ) as repository_row
    from items
    inner join repeated_repositories using (snapshot_id, repository)
    where items.fault is null
),

earlier_items as (
    select * from numbered_by_repository
    where repository_row > 1
),

candidates as (
    select items.*
    from items
    left join earlier_items using (snapshot_id, part_number, part_row)
    where items.fault is null and earlier_items.snapshot_id is null
),

repeated_ids as (
    select
        snapshot_id,
        model_id_lower
    from candidates
    group by snapshot_id, model_id_lower
    having count(*) > 1
),

-- Ids are case-insensitive: two rows that differ only by case are one model.
numbered_by_id as (
    select
        candidates.*,
        row_number() over (
            partition by candidates.snapshot_id, candidates.model_id_lower
            order by
                candidates.fetched_at desc nulls last, candidates.page_number desc nulls last,
                candidates.item_number desc nulls last, candidates.part_number desc, candidates.part_row desc
        ) as id_row
    from candidates
    inner join repeated_ids using (snapshot_id, model_id_lower)
),

rejected as (
    select
        snapshot_id,
        reading_number,
        part_number,
        part_row,
        page_number,
        item_number,
        hub_oid,
        model_id,
        fault as rejection_reason
    from items
    where fault is not null
    union all
    select
        snapshot_id,
        reading_number,
        part_number,
        part_row,
        page_number,
        item_number,
        hub_oid,
        model_id,
        'duplicate_repository' as rejection_reason
    from earlier_items
    union all
    select
        snapshot_id,
        reading_number,
        part_number,
        part_row,
        page_number,
        item_number,
        hub_oid,
        model_id,
        'duplicate_id' as rejection_reason
    from numbered_by_id
    where id_row > 1
)

select * from rejected

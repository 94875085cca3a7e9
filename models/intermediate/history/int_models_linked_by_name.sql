-- One row per Hub model x complete snapshot whose source does not give the Hub's immutable id.
with models as (
    select
        snapshot_id,
        model_key,
        model_id_lower,
        hub_oid
    from {{ ref('stg_hub__models') }}
),

nameless as (
    select
        snapshot_id,
        model_key,
        model_id_lower
    from models
    where hub_oid is null
),

names as (
    select distinct model_id_lower from nameless
),

named_once as (
    select
        models.model_id_lower,
        min(models.hub_oid) as hub_oid
    from models
    inner join names on models.model_id_lower = names.model_id_lower
    where models.hub_oid is not null
    group by models.model_id_lower
    having count(distinct models.hub_oid) = 1
),

linked as (
    select
        nameless.*,
        named_once.hub_oid,
        row_number() over (
            partition by nameless.snapshot_id, coalesce(named_once.hub_oid, nameless.model_id_lower)
            order by nameless.model_id_lower
        ) as linked_row
    from nameless
    left join named_once on nameless.model_id_lower = named_once.model_id_lower
)

-- Two names of one repository in one snapshot are two models there.
select
    linked.snapshot_id,
    linked.model_key,
    case
        when holders.hub_oid is null and linked.linked_row = 1 then coalesce(linked.hub_oid, linked.model_id_lower)
        else linked.model_id_lower
    end as linked_identity
from linked
left join models as holders on linked.snapshot_id = holders.snapshot_id and linked.hub_oid = holders.hub_oid

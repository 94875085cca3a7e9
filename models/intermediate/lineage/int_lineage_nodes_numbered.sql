-- One row per node of the lineage graph: every Hub model in the latest snapshot, and every parent that is not listed there.
with models as (
    select * from {{ ref('int_models_listed') }}
),

-- A parent that is gone still is a base that its derivatives share. Its most frequent spelling is its name.
spellings as (
    select
        claims.parent_id_lower,
        case when lower(claims.spelled_id) = claims.parent_id_lower then claims.spelled_id else claims.parent_id_lower end as spelled_id,
        count(*) as n_claims
    from {{ ref('int_parent_claims_judged') }} as claims
    left join models on claims.parent_id_lower = models.model_id_lower
    where claims.rejection_reason is null and models.model_id_lower is null
    group by all
),

unlisted as (
    select
        parent_id_lower,
        spelled_id
    from spellings
    qualify row_number() over (
        partition by parent_id_lower
        order by n_claims desc, spelled_id asc
    ) = 1
),

nodes as (
    select
        model_key as node_key,
        model_id as node_id,
        model_id_lower as node_id_lower,
        true as is_listed,
        owner_lower,
        created_at,
        created_us,
        released_us,
        is_bulk_owner
    from models
    union all
    select
        (select count(*) from models) + row_number() over (order by parent_id_lower) as node_key,
        spelled_id as node_id,
        parent_id_lower as node_id_lower,
        false as is_listed,
        lower({{ owner_of('spelled_id') }}) as owner_lower,
        null as created_at,
        null as created_us,
        null as released_us,
        false as is_bulk_owner
    from unlisted
)

select * from nodes

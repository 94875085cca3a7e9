-- One row per node of the lineage graph: every Hub model in the latest snapshot with an edge, and every parent that is not listed there.
with edges as (
    select
        child_key,
        parent_key,
        unlisted_spelling
    from {{ ref('int_parent_claims_judged') }}
    where rejection_reason is null
),

-- Half of all models have no edge, so ids and dates are looked up among the others only.
keys as (
    select child_key as node_key from edges
    union
    select parent_key as node_key from edges
    where unlisted_spelling is null
),

-- A deleted parent is still a base that its derivatives share. Its most frequent spelling is its name.
spellings as (
    select
        parent_key,
        unlisted_spelling,
        count(*) as n_claims
    from edges
    where unlisted_spelling is not null
    group by parent_key, unlisted_spelling
),

unlisted as (
    select
        parent_key,
        unlisted_spelling
    from spellings
    qualify row_number() over (
        partition by parent_key
        order by n_claims desc, unlisted_spelling asc nulls last
    ) = 1
)

select
    models.model_key as node_key,
    models.model_id as node_id,
    models.model_id_lower as node_id_lower,
    true as is_listed,
    models.owner_lower,
    models.created_at,
    models.created_us,
    models.released_us,
    coalesce(releases.is_bulk_owner, false) as is_bulk_owner
from {{ ref('int_models_listed') }} as models
left join {{ ref('int_owner_releases_counted') }} as releases on models.model_key = releases.model_key
where models.model_key in (select keys.node_key from keys)
union all
select
    parent_key as node_key,
    unlisted_spelling as node_id,
    lower(unlisted_spelling) as node_id_lower,
    false as is_listed,
    lower({{ owner_of('unlisted_spelling') }}) as owner_lower,
    null as created_at,
    null as created_us,
    null as released_us,
    false as is_bulk_owner
from unlisted

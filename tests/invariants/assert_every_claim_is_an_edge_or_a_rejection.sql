-- Nothing disappears between the claims of the metadata and the edges.
with claimed as (
    select (select count(*) from {{ ref('int_parent_claims_gathered') }}) as n_claims
),

accounted as (
    select
        (select coalesce(sum(n_claims), 0) from {{ ref('lineage_edges') }})
        + (select count(*) from {{ ref('lineage_rejections') }}) as n_claims
)

select
    claimed.n_claims as n_claimed,
    accounted.n_claims as n_accounted
from claimed
cross join accounted
where claimed.n_claims != accounted.n_claims

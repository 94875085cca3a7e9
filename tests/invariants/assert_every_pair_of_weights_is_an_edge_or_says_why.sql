-- Nothing disappears between the landed pairs of weights and the mart, and a pair without a reason supports an
-- edge.
with landed as (
    select count(*) as n_landed from {{ ref('stg_weights__pairs') }}
),

kept as (
    select
        coalesce(sum(pairs.n_rows), 0) as n_kept,
        count(case when (pairs.rejection_reason is null) != (edges.child_id is not null) then 1 end) as n_contradictions
    from {{ ref('weight_pairs') }} as pairs
    left join {{ ref('lineage_edges') }} as edges
        on
            pairs.child_id = edges.child_id
            and pairs.parent_id = edges.parent_id
            and {{ contains_value('edges.evidence', "'weights'") }}
)

select
    landed.n_landed,
    kept.n_kept,
    kept.n_contradictions
from landed
cross join kept
where landed.n_landed != kept.n_kept or kept.n_contradictions > 0

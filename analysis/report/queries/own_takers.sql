-- Takers of each focal that are its own owner's: one row per focal that has any, with how many of n_i and n_j they are.
create or replace temp view own_takers as
with own as (
    select distinct
        edges.parent_id as model_id,
        edges.child_id
    from lineage_edges as edges
    inner join disruption_panel as focals on edges.parent_id = focals.model_id
    where
        focals.mdi is not null and edges.is_same_owner and edges.child_id != edges.parent_id
        and edges.child_created_at > focals.created_at
        and edges.child_created_at <= focals.created_at + interval 90 days
),

-- Takers that build on a parent of the focal as well.
shared as (
    select distinct
        own.model_id,
        own.child_id
    from own
    inner join lineage_edges as above on own.model_id = above.child_id
    inner join lineage_edges as further on own.child_id = further.child_id and above.parent_id = further.parent_id
)

select
    own.model_id,
    count(*) filter (where shared.child_id is null) as n_i_own,
    count(shared.child_id) as n_j_own
from own
left join shared on own.model_id = shared.model_id and own.child_id = shared.child_id
group by own.model_id;
-- The focals with an index, and the same without those takers.
create or replace temp view ranked_focals as
select
    focals.model_id,
    focals.relation,
    focals.mdi,
    focals.n_i,
    focals.n_j,
    focals.n_k,
    focals.n_children,
    coalesce(own.n_i_own + own.n_j_own, 0) as n_own,
    focals.n_i - coalesce(own.n_i_own, 0) as n_i_others,
    focals.n_j - coalesce(own.n_j_own, 0) as n_j_others
from disruption_panel as focals
left join own_takers as own on focals.model_id = own.model_id
where focals.mdi is not null;

-- The family over time: the base and the 60 dated descendants with the most descendants of their own, ties by likes. Further
-- parents among them are a JSON list.
with drawn as (
    select
        model_id,
        distance,
        via,
        relation,
        owner,
        weeks,
        n_descendants,
        likes
    from family
    where distance = 0 or weeks >= 0
    order by distance > 0 asc, n_descendants desc, likes desc nulls last, model_id asc
    limit 61
),

further as (
    select
        children.model_id,
        cast(to_json(list(parents.model_id order by parents.model_id)) as varchar) as other_parents
    from drawn as children
    inner join lineage_edges as edges on children.model_id = edges.child_id
    inner join drawn as parents on edges.parent_id = parents.model_id
    where children.distance > 0 and children.via != parents.model_id
    group by children.model_id
)

select
    drawn.model_id,
    drawn.distance,
    drawn.via,
    further.other_parents,
    coalesce(drawn.relation, 'none') as relation,
    drawn.owner,
    round(drawn.weeks, 4) as weeks,
    drawn.n_descendants,
    drawn.likes,
    (select count(*) filter (where walked.distance > 0) from family as walked) as n_family,
    (select max(snapshot_id) from disruption_panel) as snapshot_id
from drawn
left join further on drawn.model_id = further.model_id
order by drawn.distance > 0 asc, drawn.n_descendants desc, drawn.likes desc nulls last, drawn.model_id asc

-- The family over time: the base and the 60 dated descendants that most models descend from, ties by likes.
select
    model_id,
    distance,
    via,
    coalesce(relation, 'none') as relation,
    owner,
    round(weeks, 4) as weeks,
    n_descendants,
    likes,
    (select count(*) filter (where walked.distance > 0) from family as walked) as n_family,
    (select max(snapshot_id) from disruption_panel) as snapshot_id
from family
where distance = 0 or weeks >= 0
order by distance > 0 asc, n_descendants desc, likes desc nulls last, model_id asc
limit 61

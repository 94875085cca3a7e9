-- What changed since the snapshot before?
select
    previous_snapshot_id,
    snapshot_id,
    change,
    count(*) as n_models,
    min(model_id) as example,
    min_by(before, model_id) as example_before,
    min_by(after, model_id) as example_after
from {{ ref('snapshot_changes') }}
group by previous_snapshot_id, snapshot_id, change
order by snapshot_id, change

-- What each step keeps: models and edges per stage, as in data_funnel.
select
    stage_number,
    stage,
    n_models,
    n_edges,
    note,
    (select max(snapshot_id) from disruption_panel) as snapshot_id
from data_funnel
order by stage_number

-- How accurate and how complete is each phase of evidence, for models whose parents somebody has looked up?
select
    phases,
    measure,
    estimate as value,
    interval_low as low,
    interval_high as high,
    n,
    n_right,
    n_owners as n_clusters,
    n_labelled,
    population,
    snapshot_id
from evidence
where n > 0
order by
    list_position(['recall', 'precision'], measure),
    list_position([
        'hub', 'typed_tag', 'untyped_tag', 'card', 'adapter_config', 'card_text', 'name', 'weights', 'declared', 'declared and name',
        'declared and card_text', 'all'
    ], phases),
    phases

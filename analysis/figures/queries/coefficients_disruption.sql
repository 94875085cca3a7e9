-- Are large models and finetunes more disruptive? The main regressions side by side, in points of probability or index.
select
    specification_id,
    title,
    outcome,
    estimator,
    fixed_effects,
    term,
    estimate,
    interval_low,
    interval_high,
    jackknife_low,
    jackknife_high,
    n_used,
    n_clusters,
    snapshot_id
from estimates
where
    study = 'disruption'
    and specification_id = "row"
    and term in ('log_size', 'is_finetune')
    and ((estimator = 'ols' and scale = 'coefficient') or scale = 'average marginal effect')
order by term, cast(regexp_extract("row", '[0-9]+') as integer)

-- Do late and crowded entrants have less recognition? The main regressions side by side, proportional outcomes only.
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
    study = 'racing'
    and specification_id = "row"
    and scale = 'coefficient'
    and term in ('log_rank', 'log_crowd_30')
    and (estimator in ('poisson', 'negative_binomial') or outcome like 'log\_%' escape '\')
order by term desc, cast(regexp_extract("row", '[0-9]+') as integer) asc

-- Do late and crowded entrants have less recognition? Are large models and finetunes more disruptive? The main regressions of a study
-- side by side: proportional outcomes in the first study, points of probability or index in the second.
with terms as (
    from (
        values
        ('racing', 'log_rank', 1),
        ('racing', 'log_crowd_30', 2),
        ('disruption', 'is_finetune', 1),
        ('disruption', 'log_size', 2)
    ) as terms (study, term, place)
),

sorted_out as (
    select
        *,
        case study
            when 'racing'
                then
                    scale = 'coefficient'
                    and (estimator in ('poisson', 'negative_binomial') or outcome like 'log\_%' escape '\')
            else (estimator = 'ols' and scale = 'coefficient') or scale = 'average marginal effect'
        end as is_shown
    from estimates
)

select
    shown.specification_id,
    shown.title,
    shown.outcome,
    shown.estimator,
    shown.fixed_effects,
    shown.term,
    shown.estimate,
    shown.interval_low,
    shown.interval_high,
    shown.jackknife_low,
    shown.jackknife_high,
    shown.n_used,
    shown.n_clusters,
    shown.snapshot_id
from sorted_out as shown
inner join terms on shown.study = terms.study and shown.term = terms.term
where shown.study = getvariable('study_name') and shown.specification_id = shown."row" and shown.is_shown
order by terms.place, cast(regexp_extract(shown."row", '[0-9]+') as integer)

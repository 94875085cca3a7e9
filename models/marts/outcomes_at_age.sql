-- One row per Hub model x counter x fixed age at which the counter is known.
-- A view: it repeats the rows of the previous step under the models' names.
{{ config(materialized=view_or_table()) }}
select
    models.model_id,
    outcomes.counter,
    cast(outcomes.horizon_days as integer) as age_days,
    outcomes.value,
    outcomes.before_snapshot_id,
    outcomes.after_snapshot_id
from {{ ref('int_counters_at_age_interpolated') }} as outcomes
inner join {{ ref('int_models_listed') }} as models on outcomes.model_key = models.model_key

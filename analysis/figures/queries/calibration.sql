-- Is it mechanical? The real estimate beside those of the same specification in worlds without an effect.
with every as (
    -- Older files did not name their snapshot and lack this column.
    from calibration
    union all by name
    select cast(null as varchar) as snapshot_id
    where false
),

-- The main specifications before their variants, and no more than a reader can take in.
ranked as (
    select
        *,
        cast(regexp_extract(specification_id, '[0-9]+') as integer) as specification_number,
        dense_rank() over (
            order by
                contains(specification_id, '.') asc,
                cast(regexp_extract(specification_id, '[0-9]+') as integer) asc,
                specification_id asc
        ) as specification_place
    from every
    where
        starts_with(specification_id, getvariable('first_letters'))
        and term in ('log_rank', 'log_crowd_30', 'log_size', 'is_finetune')
        and null_low is not null
)

select
    world,
    specification_id,
    term,
    truth,
    mean_estimate,
    null_low,
    null_high,
    real_estimate,
    p_against_null,
    n_draws,
    snapshot_id
from ranked
where specification_place <= 7
order by term desc, specification_number asc, specification_id asc, world asc

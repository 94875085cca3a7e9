-- Is it mechanical? The real estimate beside what the same specification finds where nothing is to be found.
with every as (
    -- A file from before it named its snapshot has no such column.
    from calibration
    union all by name
    select cast(null as varchar) as snapshot_id
    where false
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
from every
where starts_with(specification_id, getvariable('first_letters')) and null_low is not null
order by term desc, cast(regexp_extract(specification_id, '[0-9]+') as integer) asc, specification_id asc, world asc

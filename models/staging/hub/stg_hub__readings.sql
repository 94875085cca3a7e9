-- One row per complete snapshot that lists a model: what was made of it, and the snapshot that it is compared with.
select
    snapshot_id,
    snapshot_version,
    reading_number,
    previous_snapshot_id,
    previous_reading_number,
    count(*) as n_models
from {{ ref('stg_hub__sightings') }}
group by snapshot_id, snapshot_version, reading_number, previous_snapshot_id, previous_reading_number

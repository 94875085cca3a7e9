-- One row per complete snapshot that lists a model: the build that read it, and the snapshot it is compared with.
select
    snapshot_id,
    snapshot_version,
    reading_number,
    previous_snapshot_id,
    previous_reading_number,
    count(*) as n_models
from {{ ref('stg_hub__sightings') }}
group by snapshot_id, snapshot_version, reading_number, previous_snapshot_id, previous_reading_number

-- One row per Hub model x pair of consecutive snapshots between which its licence changed.
-- A version lasts until the model's metadata change, so only turns are examined.
with versions as (
    select
        version_key,
        model_id,
        license
    from {{ ref('stg_hub__versions') }}
)

select
    turns.previous_snapshot_id,
    turns.snapshot_id,
    later.model_id,
    earlier.license as license_before,
    later.license as license_after
from {{ ref('int_turns_identified') }} as turns
inner join versions as later on turns.version_key = later.version_key
inner join versions as earlier on turns.previous_version_key = earlier.version_key
where later.license is distinct from earlier.license

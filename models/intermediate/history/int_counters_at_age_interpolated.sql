-- One row per Hub model in the latest snapshot x counter x fixed age at which the counter is known.
-- A counter at an age is interpolated between the two observations around it.
with listed as (
    select
        identified.identity_key,
        listed.model_key,
        listed.released_us
    from {{ ref('int_models_listed') }} as listed
    inner join {{ ref('int_listed_models_identified') }} as identified on listed.model_key = identified.model_key
    where listed.released_us is not null
),

snapshots as (
    select
        snapshot_id,
        {{ microseconds('snapshot_at') }} as snapshot_us
    from {{ ref('stg_hub__snapshots') }}
),

horizons as (
    select
        horizon_days,
        cast(horizon_days as bigint) * {{ days_in_microseconds(1) }} as horizon_us
    from {{ ref('horizons') }}
),

-- Only observations near a horizon can bound it. Before its creation the name belonged to another repository.
seen as (
    select
        listed.model_key,
        listed.released_us,
        snapshots.snapshot_id,
        snapshots.snapshot_us as observed_us,
        identities.likes,
        identities.downloads,
        identities.downloads_all_time
    from {{ ref('int_model_identities_linked') }} as identities
    inner join listed on identities.identity_key = listed.identity_key
    inner join snapshots on identities.snapshot_id = snapshots.snapshot_id
    semi join horizons
        on
            abs(snapshots.snapshot_us - listed.released_us - horizons.horizon_us)
            <= {{ days_in_microseconds(var('horizon_gap_days')) }}
    where snapshots.snapshot_us >= listed.released_us
),

-- At creation every counter is 0: that is one end of the interpolation, if the other end has been observed.
observed as (
    select * from seen
    union all
    select distinct
        model_key,
        released_us,
        cast(null as string) as snapshot_id,
        released_us as observed_us,
        0 as likes,
        0 as downloads,
        0 as downloads_all_time
    from seen
    semi join horizons on horizons.horizon_us <= {{ days_in_microseconds(var('horizon_gap_days')) }}
),

observations as (
    {% for counter in counters_at_ages() -%}
    select
        model_key,
        released_us,
        snapshot_id,
        observed_us,
        '{{ counter }}' as counter,
        {{ counter }} as observed_value
    from observed
    where {{ counter }} is not null
    {{- '\n    union all\n    ' if not loop.last }}
    {%- endfor %}
),

steps as (
    select
        *,
        lead(observed_us) over in_time as next_us,
        lead(observed_value) over in_time as next_value,
        lead(snapshot_id) over in_time as next_snapshot_id
    from observations
    window in_time as (
        partition by model_key, counter
        order by observed_us asc nulls last, observed_value asc nulls last, snapshot_id asc nulls first
    )
),

-- A longer gap is not interpolated, nor one in which a counter that only grows was reset.
interpolated as (
    select
        steps.model_key,
        steps.counter,
        horizons.horizon_days,
        steps.snapshot_id as before_snapshot_id,
        case
            when steps.observed_us = steps.released_us + horizons.horizon_us then steps.snapshot_id
            else steps.next_snapshot_id
        end as after_snapshot_id,
        case
            when steps.observed_us = steps.released_us + horizons.horizon_us then cast(steps.observed_value as double)
            when
                steps.next_us - steps.observed_us <= {{ days_in_microseconds(var('horizon_gap_days')) }}
                and (steps.counter = 'downloads' or steps.next_value >= steps.observed_value)
                then
                    steps.observed_value
                    + (steps.next_value - steps.observed_value)
                    * ((steps.released_us + horizons.horizon_us - steps.observed_us) / (steps.next_us - steps.observed_us))
        end as value
    from steps
    inner join horizons
        on
            steps.released_us + horizons.horizon_us >= steps.observed_us
            and steps.released_us + horizons.horizon_us < coalesce(steps.next_us, steps.observed_us + 1)
)

select
    model_key,
    counter,
    horizon_days,
    value,
    before_snapshot_id,
    after_snapshot_id
from interpolated
where value is not null

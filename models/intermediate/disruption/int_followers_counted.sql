-- One row per focal x window: later models that build on at least one parent of the focal.
--
-- Each parent of the focal is a stream of releases, and each later release in it counts 1. A later
-- model that shares k parents with the focal is then counted k times, so the focal's set of parents
-- is a stream too, in which that model counts -(k - 1). A running total of each stream is read at the
-- focal's own instant, which is an instant of the stream, and at the end of each window: ties with the
-- focal are not later, the end of a window is part of it, and siblings are never joined. Ends are sorted
-- together with the releases. An end after the last release reads the whole stream and is left out:
-- those are two ends in five, and with them this step took 1.3 times as long.
--
-- F has the parents P and Q; A builds on P, B on both (so k = 2), C on Q; 90 days end on day 90:
--
--   stream      day 0   day 10   day 20   day 95   up to day 0   up to day 90   later within 90 days
--   P           F       A, B                       1             3              2
--   Q           F       B        C        D        1             3              2
--   {P, Q}      -1 (F)  -1 (B)                     -1            -2             -1
--   followers of F within 90 days: 2 + 2 - 1 = 3, which are A, B and C
with windows as (
    select
        window_name,
        {{ days_in_microseconds('window_days') }} as window_us
    from {{ ref('disruption_windows') }}
),

edges as (
    select
        child_key,
        parent_key,
        child_created_us
    from {{ ref('int_lineage_edges_resolved') }}
    where child_created_us is not null
),

dated_sets as (
    select
        child_key,
        set_number,
        child_created_us
    from {{ ref('int_parent_sets_numbered') }}
    where child_created_us is not null
),

-- Sets are numbered below zero to keep clear of the parents' keys.
releases as (
    select
        parent_key as stream_key,
        child_created_us as released_us,
        count(*) as weight
    from edges
    group by parent_key, child_created_us
    union all
    select
        -set_overlaps.set_number as stream_key,
        sets.child_created_us as released_us,
        -sum(set_overlaps.n_shared_parents - 1) as weight
    from {{ ref('int_parent_set_overlaps') }} as set_overlaps
    inner join dated_sets as sets on set_overlaps.other_set_number = sets.set_number
    group by set_overlaps.set_number, sets.child_created_us
),

released as (
    select
        stream_key,
        released_us,
        weight,
        sum(weight) over (
            partition by stream_key
            order by released_us nulls last
            range between unbounded preceding and current row
        ) as n_until,
        sum(weight) over (partition by stream_key) as n_in_all,
        count(*) over (partition by stream_key) as n_instants,
        max(released_us) over (partition by stream_key) as last_us
    from releases
),

-- A stream of a single instant has nothing later than its focal.
streams as (
    select * from released
    where n_instants > 1
),

focals as (
    select
        child_key as focal_key,
        parent_key as stream_key,
        child_created_us as asked_us
    from edges
    union all
    select
        child_key as focal_key,
        -set_number as stream_key,
        child_created_us as asked_us
    from dated_sets
),

questions as (
    select
        focals.focal_key,
        focals.stream_key,
        windows.window_name,
        streams.n_until,
        streams.n_in_all,
        case
            when focals.asked_us + windows.window_us < streams.last_us then focals.asked_us + windows.window_us
        end as end_us
    from focals
    inner join streams on focals.stream_key = streams.stream_key and focals.asked_us = streams.released_us
    cross join windows
),

moments as (
    select
        stream_key,
        released_us as moment_us,
        weight,
        cast(null as bigint) as focal_key,
        cast(null as string) as window_name,
        cast(null as bigint) as n_until
    from streams
    union all
    select
        stream_key,
        end_us as moment_us,
        0 as weight,
        focal_key,
        window_name,
        n_until
    from questions
    where end_us is not null
),

readings as (
    select
        focal_key,
        window_name,
        n_until,
        sum(weight) over (
            partition by stream_key
            order by moment_us nulls last
            range between unbounded preceding and current row
        ) as n_until_end
    from moments
),

counted as (
    select
        focal_key,
        window_name,
        n_until_end - n_until as n_released
    from readings
    where focal_key is not null
    union all
    select
        focal_key,
        window_name,
        n_in_all - n_until as n_released
    from questions
    where end_us is null
)

select
    focal_key,
    window_name,
    cast(sum(n_released) as bigint) as n_followers
from counted
group by focal_key, window_name

-- One row per focal x window: later models that take from some parent of the focal.
--
-- Each parent of the focal is a stream of releases, and each later release in it counts 1. A later
-- model that shares k parents with the focal is then counted k times, so the focal's set of parents
-- is a stream too, in which that model counts -(k - 1). Releases and questions are put in one order
-- per stream, and a running total is read at the focal's own instant and at the end of each window:
-- ties with the focal are not later, the end of a window is part of it, and no model meets its siblings.
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
    inner join {{ ref('int_parent_sets_numbered') }} as sets on set_overlaps.other_set_number = sets.set_number
    group by set_overlaps.set_number, sets.child_created_us
),

-- Where nothing was released at another instant there is nothing to ask.
streams as (
    select stream_key
    from releases
    group by stream_key
    having count(*) > 1
),

questions as (
    select
        edges.child_key as focal_key,
        edges.parent_key as stream_key,
        edges.child_created_us as asked_us
    from edges
    inner join streams on edges.parent_key = streams.stream_key
    union all
    select
        sets.child_key as focal_key,
        streams.stream_key,
        sets.child_created_us as asked_us
    from {{ ref('int_parent_sets_numbered') }} as sets
    inner join streams on streams.stream_key = -sets.set_number
),

moments as (
    select
        stream_key,
        released_us as moment_us,
        weight,
        cast(null as bigint) as focal_key,
        cast(null as string) as window_name,
        0 as reading_sign
    from releases
    inner join streams using (stream_key)
    union all
    select
        questions.stream_key,
        coalesce(questions.asked_us + windows.window_us, 9223372036854775807) as moment_us,
        0 as weight,
        questions.focal_key,
        windows.window_name,
        1 as reading_sign
    from questions
    cross join windows
    union all
    select
        stream_key,
        asked_us as moment_us,
        0 as weight,
        focal_key,
        null as window_name,
        -1 as reading_sign
    from questions
),

readings as (
    select
        focal_key,
        window_name,
        reading_sign,
        reading_sign * sum(weight) over (
            partition by stream_key
            order by moment_us nulls last
            range between unbounded preceding and current row
        ) as reading
    from moments
),

ends as (
    select
        focal_key,
        window_name,
        sum(reading) as n_released
    from readings
    where reading_sign = 1
    group by focal_key, window_name
),

starts as (
    select
        focal_key,
        sum(reading) as n_released
    from readings
    where reading_sign = -1
    group by focal_key
)

select
    ends.focal_key,
    ends.window_name,
    cast(ends.n_released + starts.n_released as bigint) as n_followers
from ends
inner join starts on ends.focal_key = starts.focal_key

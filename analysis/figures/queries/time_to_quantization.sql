-- How long until a base has its 1st, 10th, 100th quantization? Kaplan-Meier, as in the question of this name: a base that has
-- fewer by the snapshot is observed for as long as it has existed. Intervals by Greenwood, on the scale of log(-log).
with orders as (
    select unnest([1, 10, 100]) as quantization_number
),

ages as (
    select unnest([1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 120, 180, 270, 365]) as age
),

latest as (
    select max(snapshot_at) as snapshot_at from model_metrics
),

bases as (
    select
        parent_id,
        max(parent_created_at) as released_at
    from lineage_edges
    where is_parent_listed
    group by parent_id
    having max(parent_created_at) >= timestamp '2022-03-03'
),

quantizations as (
    select
        parent_id,
        release_lag_days,
        row_number() over (partition by parent_id order by release_lag_days, child_id) as quantization_number
    from lineage_edges
    where relation = 'quantized' and release_lag_days >= 0
),

spans as (
    select
        orders.quantization_number,
        quantizations.release_lag_days is not null as is_reached,
        coalesce(
            quantizations.release_lag_days,
            date_diff('microsecond', bases.released_at, latest.snapshot_at) / 86400000000e0
        ) as days
    from orders
    cross join bases
    cross join latest
    left join quantizations
        on bases.parent_id = quantizations.parent_id and orders.quantization_number = quantizations.quantization_number
),

moments as (
    select
        quantization_number,
        days,
        count(*) filter (is_reached) as n_reached,
        sum(count(*)) over (
            partition by quantization_number order by days rows between current row and unbounded following
        ) as n_at_risk
    from spans
    group by quantization_number, days
),

-- Up to each age: the logarithm of the share of bases without it, and Greenwood's sum.
read as (
    select
        orders.quantization_number,
        ages.age,
        count(*) filter (moments.n_reached = moments.n_at_risk) as n_ends,
        sum(case when moments.n_reached < moments.n_at_risk then ln(1 - moments.n_reached / moments.n_at_risk) end) as log_without,
        sqrt(sum(
            case
                when moments.n_reached < moments.n_at_risk
                    then moments.n_reached / (moments.n_at_risk * (moments.n_at_risk - moments.n_reached))
            end
        )) as relative_error
    from orders
    cross join ages
    inner join moments on orders.quantization_number = moments.quantization_number and ages.age >= moments.days
    group by orders.quantization_number, ages.age
),

watched as (
    select
        orders.quantization_number,
        ages.age,
        count(*) filter (spans.days >= ages.age) as n_at_risk,
        count(*) filter (spans.is_reached and spans.days <= ages.age) as n_reached,
        count(*) as n
    from orders
    cross join ages
    inner join spans on orders.quantization_number = spans.quantization_number
    group by orders.quantization_number, ages.age
)

-- The curve ends where fewer than ten are left under observation.
select
    watched.quantization_number,
    watched.age,
    watched.n,
    watched.n_reached,
    watched.n_at_risk,
    case when watched.n_at_risk >= 10 and coalesce(read.n_ends, 0) = 0 then 1 - exp(coalesce(read.log_without, 0)) end as value,
    case
        when watched.n_at_risk >= 10 and read.n_ends = 0 and read.log_without < 0
            then 1 - exp(read.log_without * exp(1.959964 * read.relative_error / read.log_without))
    end as low,
    case
        when watched.n_at_risk >= 10 and read.n_ends = 0 and read.log_without < 0
            then 1 - exp(read.log_without * exp(-1.959964 * read.relative_error / read.log_without))
    end as high,
    (select max(snapshot_id) from disruption_panel) as snapshot_id
from watched
left join read on watched.quantization_number = read.quantization_number and watched.age = read.age
order by watched.quantization_number, watched.age

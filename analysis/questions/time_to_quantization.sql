-- How long until a base has its 1st, 10th, 100th quantization? Kaplan-Meier: a base that has fewer by the snapshot is not left out
-- but observed for as long as it has existed (right-censored). Unlisted bases have no date of their own and are shown separately,
-- with counts only. Bases are models with a child; models without children are left out.
with orders as (
    select 1 as quantization_number
    union all
    select 10 as quantization_number
    union all
    select 100 as quantization_number
),

latest as (
    select max(snapshot_at) as snapshot_at from {{ ref('model_metrics') }}
),

bases as (
    select
        edges.parent_id,
        bool_or(edges.is_parent_listed) as is_listed,
        max(edges.parent_created_at) as released_at,
        count(*) filter (where edges.relation = 'quantized') as n_quantized
    from {{ ref('lineage_edges') }} as edges
    group by edges.parent_id
),

-- A copy older than its base was made from something else, and does not count here.
quantizations as (
    select
        parent_id,
        release_lag_days,
        row_number() over (partition by parent_id order by release_lag_days, child_id) as quantization_number
    from {{ ref('lineage_edges') }}
    where relation = 'quantized' and release_lag_days >= 0
),

spans as (
    select
        orders.quantization_number,
        bases.parent_id,
        quantizations.release_lag_days is not null as is_reached,
        coalesce(quantizations.release_lag_days, date_diff('microsecond', bases.released_at, latest.snapshot_at) / 86400000000e0) as days
    from orders
    cross join bases
    cross join latest
    left join quantizations
        on bases.parent_id = quantizations.parent_id and orders.quantization_number = quantizations.quantization_number
    where bases.is_listed and bases.released_at >= timestamp '2022-03-03'
),

moments as (
    select
        quantization_number,
        days,
        count(*) filter (where is_reached) as n_reached,
        count(*) as n_leaving
    from spans
    group by quantization_number, days
),

at_risk as (
    select
        quantization_number,
        days,
        n_reached,
        sum(n_leaving) over (
            partition by quantization_number order by days rows between current row and unbounded following
        ) as n_at_risk
    from moments
),

curves as (
    select
        quantization_number,
        days,
        case
            -- The last base under observation: none is left.
            when max(case when n_reached = n_at_risk then 1 else 0 end) over so_far = 1 then 0
            else exp(sum(case when n_reached < n_at_risk then ln(1 - n_reached / n_at_risk) else 0 end) over so_far)
        end as share_without,
        sqrt(sum(case when n_reached < n_at_risk then n_reached / (n_at_risk * (n_at_risk - n_reached)) else 0 end) over so_far)
            as relative_error
    from at_risk
    window so_far as (partition by quantization_number order by days rows between unbounded preceding and current row)
),

answers as (
    select
        quantization_number,
        min(days) filter (where share_without <= 0.5) as median_days,
        min(days) filter (where share_without <= 0.75) as quarter_days,
        1 - coalesce(min(share_without) filter (where days <= 7), 1) as share_in_7_days,
        1 - coalesce(min(share_without) filter (where days <= 30), 1) as share_in_30_days,
        1 - coalesce(min(share_without) filter (where days <= 365), 1) as share_in_365_days,
        1.959964 * arg_max(share_without * relative_error, days) filter (where days <= 30) as half_width_30_days
    from curves
    group by quantization_number
),

counts as (
    select
        orders.quantization_number,
        count(*) filter (where bases.is_listed and bases.released_at >= timestamp '2022-03-03') as n_bases,
        count(*) filter (where bases.is_listed and coalesce(bases.released_at < timestamp '2022-03-03', true)) as n_bases_without_a_date,
        count(*) filter (where not bases.is_listed) as n_unlisted_bases,
        count(*) filter (where not bases.is_listed and bases.n_quantized >= orders.quantization_number) as n_unlisted_reached
    from orders
    cross join bases
    group by orders.quantization_number
)

select
    counts.quantization_number,
    counts.n_bases,
    (
        select count(*) from spans
        where spans.quantization_number = counts.quantization_number and spans.is_reached
    ) as n_reached,
    round(answers.quarter_days, 2) as days_until_a_quarter_has_it,
    round(answers.median_days, 2) as days_until_half_have_it,
    round(answers.share_in_7_days, 4) as share_in_7_days,
    round(answers.share_in_30_days, 4) as share_in_30_days,
    round(answers.half_width_30_days, 4) as share_in_30_days_plus_minus,
    round(answers.share_in_365_days, 4) as share_in_365_days,
    counts.n_bases_without_a_date,
    counts.n_unlisted_bases,
    counts.n_unlisted_reached
from counts
inner join answers on counts.quantization_number = answers.quantization_number
order by counts.quantization_number

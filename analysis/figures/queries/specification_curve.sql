-- How much does a coefficient depend on choices? One row per specification and choice that varies.
-- Outcomes and regressors of a curve have different units, so heights are in standard errors.
with estimated as (
    select
        *,
        estimate / standard_error as height,
        interval_low / standard_error as low,
        interval_high / standard_error as high
    from curve
    where
        curve = getvariable('curve_name')
        and term = getvariable('term_name')
        and status = 'ok'
        and standard_error > 0
),

placed as (
    select
        *,
        row_number() over (
            order by height, data, outcome, "order", crowding, fixed_effects, age, prominence, sample, window_name
        ) as place,
        count(*) over () as n_specifications
    from estimated
),

choices as (
    select
        *,
        unnest([
            struct_pack(choice := 'data', level := data),
            struct_pack(choice := 'outcome', level := outcome),
            struct_pack(choice := 'order', level := "order"),
            struct_pack(choice := 'crowding', level := crowding),
            struct_pack(choice := 'fixed effects', level := fixed_effects),
            struct_pack(choice := 'age', level := age),
            struct_pack(choice := 'prominence', level := prominence),
            struct_pack(choice := 'window', level := window_name),
            struct_pack(choice := if(curve = 'data', 'specification', 'sample'), level := sample)
        ]) as chosen
    from placed
),

ranked as (
    select
        *,
        chosen.choice as choice,
        chosen.level as level,
        min(chosen.level) over (partition by chosen.choice) != max(chosen.level) over (partition by chosen.choice) as varies,
        median(height) over (partition by chosen.choice, chosen.level) as median_height
    from choices
    where chosen.level is not null
),

inference as (
    select
        max(n_combinations) as n_tested,
        max(n_draws) as n_draws,
        max(p_value) filter (where statistic = 'median') as p_median,
        max(p_value) filter (where statistic = 'share of the predominant sign') as p_sign,
        max(p_value) filter (where statistic = 'share significant in it') as p_significant
    from curve_inference
    where curve = getvariable('curve_name') and term = getvariable('term_name')
)

select
    place,
    n_specifications,
    estimate,
    height,
    low,
    high,
    n_used,
    choice,
    level,
    median_height,
    n_tested,
    n_draws,
    p_median,
    p_sign,
    p_significant,
    snapshot_id
from ranked
cross join inference
where varies
order by choice, median_height, level, place

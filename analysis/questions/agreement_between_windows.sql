-- Does the sign of the index depend on the window? Models defined in both windows, and how many keep their sign.
with signs as (
    select
        model_id,
        window_name,
        sign(mdi) as mdi_sign
    from {{ ref('disruption') }}
    where mdi is not null
)

select
    shorter.window_name,
    longer.window_name as other_window_name,
    count(*) as n_models,
    round(count(*) filter (where shorter.mdi_sign = longer.mdi_sign) / count(*), 4) as same_sign_share
from signs as shorter
inner join signs as longer on shorter.model_id = longer.model_id and shorter.window_name < longer.window_name
group by shorter.window_name, longer.window_name
order by shorter.window_name, longer.window_name

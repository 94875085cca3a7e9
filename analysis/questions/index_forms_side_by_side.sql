-- Are most models consolidative? It depends on the form of the index: shares of each sign, 90-day window.
with focals as (
    select *
    from {{ ref('disruption') }}
    where window_name = '90d'
),

forms as (
    select
        'mdi' as form,
        mdi as value
    from focals
    union all
    select
        'mdi_no_k' as form,
        mdi_no_k as value
    from focals
    union all
    select
        'mdi_bypass' as form,
        mdi_bypass as value
    from focals
    union all
    select
        'mdi_net' as form,
        mdi_net as value
    from focals
    union all
    select
        'mdi_l2' as form,
        mdi_l2 as value
    from focals
)

select
    form,
    count(*) as n_focals,
    count(*) filter (where value < 0) as n_negative,
    count(*) filter (where value = 0) as n_zero,
    count(*) filter (where value > 0) as n_positive,
    count(*) filter (where value is null) as n_undefined,
    round(count(*) filter (where value < 0) / nullif(count(value), 0), 4) as negative_share_of_defined,
    round(count(*) filter (where value > 0) / nullif(count(value), 0), 4) as positive_share_of_defined
from forms
group by form
order by form

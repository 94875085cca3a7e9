-- Does disruption rise over time? Monthly shares with their counts; the newest months have open windows.
select
    month,
    n_models,
    n_disruptive,
    n_zero,
    n_consolidative,
    n_undefined,
    round(n_disruptive / nullif(n_models - n_undefined, 0), 4) as disruptive_share_of_defined,
    round(share_with_parent, 4) as share_with_parent,
    round(mean_parents, 3) as mean_parents
from {{ ref('ecosystem_months') }}
where relation = 'all'
order by month

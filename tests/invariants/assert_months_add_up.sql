-- The relations of a month make up `all`, and its models are disruptive, zero, consolidative or undefined.
with months as (
    select
        month,
        sum(case when relation = 'all' then n_models else 0 end) as n_all,
        sum(case when relation != 'all' then n_models else 0 end) as n_by_relation,
        bool_and(n_models = n_disruptive + n_zero + n_consolidative + n_undefined) as is_complete
    from {{ ref('ecosystem_months') }}
    group by month
)

select *
from months
where n_all != n_by_relation or not is_complete

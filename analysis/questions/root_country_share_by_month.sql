-- What share of the new derivatives of a month descends from a root of one country, and for what share is the country unknown?
-- Put another country into `chosen`. A family has one root and so one country: the interval (95 %, Wilson) counts families and
-- not models, by the effective number n_effective = n^2 / sum of squared family sizes. The widest bounds assume that all or none
-- of the unknown belong to the country.
with chosen as (
    select 'US' as country
),

families as (
    select
        cast(date_trunc('month', created_at) as date) as month,
        root_id,
        max(root_owner_country) as country,
        count(*) as n_models
    from {{ ref('hub_models') }}
    where generation > 0 and created_at is not null and not is_created_at_floor
    group by date_trunc('month', created_at), root_id
),

months as (
    select
        families.month,
        sum(families.n_models) as n_new_derivatives,
        coalesce(sum(families.n_models) filter (where families.country is not null), 0) as n_known,
        coalesce(sum(families.n_models) filter (where families.country = chosen.country), 0) as n_of_country,
        power(sum(families.n_models) filter (where families.country is not null), 2)
        / sum(families.n_models * families.n_models) filter (where families.country is not null) as n_effective
    from families
    cross join chosen
    group by families.month
),

shares as (
    select
        *,
        n_of_country / nullif(n_known, 0) as share,
        power(1.959964, 2) as z_squared
    from months
),

intervals as (
    select
        *,
        (share + z_squared / (2 * n_effective)) / (1 + z_squared / n_effective) as middle,
        sqrt(z_squared * (share * (1 - share) / n_effective + z_squared / (4 * n_effective * n_effective)))
        / (1 + z_squared / n_effective) as half_width
    from shares
)

select
    month,
    n_new_derivatives,
    round(1 - n_known / n_new_derivatives, 4) as share_unknown,
    n_of_country,
    round(share, 4) as share_of_known,
    round(middle - half_width, 4) as share_low,
    round(middle + half_width, 4) as share_high,
    round(n_effective, 1) as n_effective,
    round(n_of_country / n_new_derivatives, 4) as share_if_no_unknown_is_of_it,
    round((n_of_country + n_new_derivatives - n_known) / n_new_derivatives, 4) as share_if_all_unknown_are_of_it
from intervals
order by month

-- Which bases lose momentum? Their share of all new derivatives in the last twelve complete weeks against the twelve before, for
-- bases with at least twenty new children in the earlier weeks. A ratio of 0.5 is half the share; its 95 % interval treats the
-- counts as Poisson, and is wide where they are small. The surest losses come first: rows are ordered by the interval's upper
-- end, which is below 1 where `is_losing`.
with complete as (
    select
        parent_id,
        week,
        n_new_children,
        n_owners,
        n_new_edges
    from {{ ref('base_weeks') }}
    where is_week_complete
),

numbered as (
    select
        week,
        n_new_edges,
        datediff('week', week, (select max(week) from complete)) as weeks_ago
    from (select distinct
        complete.week,
        complete.n_new_edges
    from complete) as weeks
),

totals as (
    select
        sum(n_new_edges) filter (where weeks_ago < 12) as n_edges_now,
        sum(n_new_edges) filter (where weeks_ago between 12 and 23) as n_edges_before
    from numbered
),

bases as (
    select
        complete.parent_id,
        coalesce(sum(complete.n_new_children) filter (where numbered.weeks_ago < 12), 0) as n_now,
        coalesce(sum(complete.n_new_children) filter (where numbered.weeks_ago between 12 and 23), 0) as n_before,
        max(complete.n_owners) as most_owners_in_a_week
    from complete
    inner join numbered on complete.week = numbered.week
    group by complete.parent_id
),

compared as (
    select
        bases.*,
        (bases.n_now / nullif(totals.n_edges_now, 0)) / (bases.n_before / nullif(totals.n_edges_before, 0)) as ratio,
        -- Half a child is added on either side, so that a base without new children has an interval, too.
        ln(((bases.n_now + 0.5) / nullif(totals.n_edges_now, 0)) / ((bases.n_before + 0.5) / nullif(totals.n_edges_before, 0)))
        + 1.959964 * sqrt(1 / (bases.n_now + 0.5) + 1 / (bases.n_before + 0.5)) as highest_log_ratio
    from bases
    cross join totals
    where bases.n_before >= 20
)

select
    parent_id,
    n_before as n_children_12_weeks_before,
    n_now as n_children_last_12_weeks,
    round(ratio, 3) as share_ratio,
    round(exp(highest_log_ratio), 3) as share_ratio_high,
    highest_log_ratio < 0 as is_losing,
    most_owners_in_a_week
from compared
qualify row_number() over (order by highest_log_ratio asc, parent_id asc) <= 20
order by highest_log_ratio asc, parent_id asc

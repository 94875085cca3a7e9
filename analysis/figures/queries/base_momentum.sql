-- Which bases gain and which lose? A base's share of all new children in the last twelve complete weeks over its share in the twelve
-- before, for bases with at least twenty new children in both together and one before that, because a new base always gains. Counts
-- are treated as Poisson, with half a child added on either side, so that a base without new children has an interval, too.
with complete as (
    select
        parent_id,
        n_new_children,
        n_new_edges,
        week,
        date_diff('week', week, max(week) over ()) as weeks_ago
    from base_weeks
    where is_week_complete
),

weeks as (
    select distinct
        weeks_ago,
        n_new_edges
    from complete
),

totals as (
    select
        sum(n_new_edges) filter (weeks_ago < 12) as n_all_now,
        sum(n_new_edges) filter (weeks_ago between 12 and 23) as n_all_before
    from weeks
),

bases as (
    select
        parent_id,
        coalesce(sum(n_new_children) filter (weeks_ago < 12), 0) as n_now,
        coalesce(sum(n_new_children) filter (weeks_ago between 12 and 23), 0) as n_before
    from complete
    group by parent_id
    having max(weeks_ago) >= 23
),

compared as (
    select
        bases.parent_id,
        bases.n_before,
        bases.n_now,
        bases.n_before + bases.n_now as n,
        ln(((bases.n_now + 0.5) / totals.n_all_now) / ((bases.n_before + 0.5) / totals.n_all_before)) as log_ratio,
        1.959964 * sqrt(1 / (bases.n_now + 0.5) + 1 / (bases.n_before + 0.5)) as half_width
    from bases
    cross join totals
    where bases.n_before + bases.n_now >= 20 and totals.n_all_now > 0 and totals.n_all_before > 0
),

placed as (
    select
        *,
        count(*) over () as n_bases,
        count(*) filter (log_ratio + half_width < 0) over () as n_losing,
        count(*) filter (log_ratio - half_width > 0) over () as n_gaining,
        row_number() over (order by n desc, parent_id asc) as place
    from compared
)

select
    parent_id,
    cast(n_before as bigint) as n_before,
    cast(n_now as bigint) as n_now,
    cast(n as bigint) as n,
    exp(log_ratio) as ratio,
    exp(log_ratio - half_width) as low,
    exp(log_ratio + half_width) as high,
    case
        when log_ratio + half_width < 0 then 'losing'
        when log_ratio - half_width > 0 then 'gaining'
        else 'neither for certain'
    end as course,
    n_bases,
    n_losing,
    n_gaining,
    (select max(snapshot_id) from disruption_panel) as snapshot_id
from placed
where place <= 12
order by ratio desc, parent_id asc

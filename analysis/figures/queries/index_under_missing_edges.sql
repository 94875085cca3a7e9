-- How far does the share of disruptive models move if edges are hidden, or candidates added? The interval holds 95 % of the draws.
select
    window_name,
    scenario,
    observed,
    mean as value,
    low,
    high,
    n_draws,
    n_observed,
    mean_edges,
    n_edges,
    snapshot_id
from missing_edges
where form = 'mdi' and measure = 'share_disruptive' and n_observed > 0
order by
    window_name = 'all',
    try_cast(rtrim(window_name, 'd') as integer),
    list_position(['random', 'labelled', 'candidates'], scenario)

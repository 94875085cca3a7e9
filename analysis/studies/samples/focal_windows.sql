-- One row per focal x window: the index in every window, with the focal's own traits.
select
    windows.window_name,
    windows.window_days,
    windows.mdi,
    windows.mdi_no_k,
    windows.mdi_bypass,
    windows.mdi_net,
    windows.mdi_l2,
    windows.n_i,
    windows.n_j,
    windows.n_k,
    windows.n_i + windows.n_j as n_takers,
    windows.n_i + windows.n_j + windows.n_k as n_later,
    windows.undefined_reason,
    cast(windows.mdi > 0 as integer) as is_disruptive,
    cast(windows.n_i + windows.n_j > 0 as integer) as has_takers,
    focals.* exclude (
        sample_exclusion, mdi, mdi_no_k, mdi_bypass, mdi_net, mdi_l2, mdi_share, dependence, n_i, n_j, n_k,
        n_takers, is_disruptive, is_consolidative, has_takers, log_in_degree, log_in_degree_after
    )
from disruption as windows
inner join focals on windows.model_id = focals.model_id

-- One row per focal (90-day window): the variables of Identifying Disruptive Models.
with panel as (
    select
        *,
        case when parameter_count > 0 then ln(parameter_count) end as known_log_size,
        cast(year(created_at) as varchar) || '-Q' || cast(quarter(created_at) as varchar) as release_quarter
    from disruption_panel
)

select
    snapshot_id,
    model_id,
    coalesce(owner, model_id) as owner,
    coalesce(first_parent_id, 'none') as first_parent_id,
    coalesce(root_id, model_id) as root_id,
    relation,
    sample_exclusion,

    -- the index, its forms and its counts
    mdi,
    mdi_no_k,
    mdi_bypass,
    mdi_net,
    mdi_l2,
    dependence,
    (mdi + 1) / 2 as mdi_share,
    n_i,
    n_j,
    n_k,
    n_takers,
    cast(mdi > 0 as integer) as is_disruptive,
    cast(mdi < 0 as integer) as is_consolidative,
    cast(n_takers > 0 as integer) as has_takers,
    ln(1 + n_takers) as log_in_degree,
    ln(1 + n_children_outside_window) as log_in_degree_after,
    n_children,
    n_parents,

    -- what the focal is
    coalesce(known_log_size, 0) as log_size,
    cast(known_log_size is null as integer) as size_unknown,
    coalesce(size_class, 'unknown') as size_class,
    coalesce(pipeline_tag, 'none') as task,
    coalesce(library_name, 'none') as library,
    is_same_owner,
    is_bulk_owner,
    benchmark_score,

    -- prominence known at entry
    ln(1 + n_owner_releases_at_entry) as log_owner_releases,

    follow_up_days,
    created_at,
    strftime(created_at, '%Y-%m') as month,
    release_quarter as quarter,
    (year(created_at) - 2022) * 4 + quarter(created_at) as quarter_number,
    coalesce(first_parent_id, 'none') || ' ' || release_quarter as parent_quarter
from panel

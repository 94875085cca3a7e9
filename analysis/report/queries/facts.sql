-- The numbers in the text of the pages, in one row.
select
    (select count(distinct snapshot_id) from model_metrics) as n_snapshots,
    (select count(*) from hub_models) as n_models,
    (select count(distinct lower(coalesce(owner, model_id))) from hub_models) as n_owners,
    (
        select count(*) from hub_models
        where n_parents > 0
    ) as n_with_parent,
    (
        select count(*) from hub_models
        where is_created_at_floor
    ) as n_back_filled,
    (select count(*) from lineage_edges) as n_edges,
    (
        select count(*) from lineage_edges
        where relation = 'merge'
    ) as n_merge_edges,
    (select count(distinct parent_id) from lineage_edges) as n_bases,
    (select count(*) from families) as n_families,
    (select count(*) from lineage_rejections) as n_claims_rejected,
    (select count(*) from landing_rejections) as n_items_rejected,
    (select count(*) from disruption_panel) as n_focals,
    (select count(mdi) from disruption_panel) as n_defined,
    (
        select count(*) from disruption_panel
        where mdi > 0
    ) as n_disruptive,
    (
        select count(*) from disruption_panel
        where mdi = 0
    ) as n_zero,
    (
        select count(*) from disruption_panel
        where mdi < 0
    ) as n_consolidative,
    (
        select count(*) from disruption_panel
        where sample_exclusion = 'window_open'
    ) as n_open,
    (
        select count(*) from hub_models
        where is_bulk_owner
    ) as n_bulk_models,
    (
        select count(distinct lower(coalesce(owner, model_id))) from hub_models
        where is_bulk_owner
    ) as n_bulk_owners,
    (select count(*) from recognition_panel) as n_entrants,
    (
        select count(*) from recognition_panel
        where sample_exclusion is null
    ) as n_entrants_in_sample,
    (
        select strftime(min(created_at), '%Y-%m-%d') from hub_models
        where not is_created_at_floor
    ) as first_release,
    (select strftime(max(created_at), '%Y-%m-%d') from hub_models) as last_release

-- One row per stage on the way from landed items to the two panels' main samples.
with latest as (
    select snapshot_id from {{ ref('stg_hub__snapshots') }}
    where is_latest
),

claims as (
    select * from {{ ref('int_parent_claims_judged') }}
),

edges as (
    select * from {{ ref('lineage_edges') }}
),

focals as (
    select * from {{ ref('disruption') }}
    where window_name = '90d'
),

races as (
    select * from {{ ref('recognition_panel') }}
),

stages as (
    select
        1 as stage_number,
        'landed_items' as stage,
        count(*) as n_models,
        null as n_edges,
        'Items of the latest complete snapshot, as served' as note
    from {{ ref('stg_hub__items') }}
    where snapshot_id = (select snapshot_id from latest)
    union all
    select
        2 as stage_number,
        'hub_models' as stage,
        count(*) as n_models,
        null as n_edges,
        'Distinct public models with an id; the rest is in landing_rejections' as note
    from {{ ref('hub_models') }}
    union all
    select
        3 as stage_number,
        'parent_claimed' as stage,
        count(distinct child_key) as n_models,
        count(*) as n_edges,
        'n_edges: distinct claims (child x text x evidence phase), phases out of use included' as note
    from claims
    union all
    select
        4 as stage_number,
        'claim_accepted' as stage,
        count(distinct child_key) as n_models,
        count(*) as n_edges,
        'n_edges: claims that became an edge; the rest is in lineage_rejections' as note
    from claims
    where rejection_reason is null
    union all
    select
        5 as stage_number,
        'edges' as stage,
        count(distinct child_id) as n_models,
        count(*) as n_edges,
        'Distinct child x parent' as note
    from edges
    union all
    select
        6 as stage_number,
        'entrant_ranked' as stage,
        count(distinct child_id) as n_models,
        count(*) as n_edges,
        'The entrant has a usable creation date: rank and crowding are known' as note
    from races
    where release_rank is not null
    union all
    select
        7 as stage_number,
        'base_listed' as stage,
        count(distinct child_id) as n_models,
        count(*) as n_edges,
        'and the base is a model of the same snapshot' as note
    from races
    where release_rank is not null and is_base_listed
    union all
    select
        8 as stage_number,
        'release_lag_known' as stage,
        count(distinct child_id) as n_models,
        count(*) as n_edges,
        'and the base has a usable creation date too' as note
    from races
    where release_lag_days is not null
    union all
    select
        9 as stage_number,
        'recognition_sample' as stage,
        count(distinct child_id) as n_models,
        count(*) as n_edges,
        'Main sample of recognition_panel' as note
    from races
    where sample_exclusion is null
    union all
    select
        10 as stage_number,
        'focals' as stage,
        count(*) as n_models,
        null as n_edges,
        'Models with an edge on either side' as note
    from focals
    union all
    select
        11 as stage_number,
        'focal_has_parent' as stage,
        count(*) as n_models,
        null as n_edges,
        'The focal declares a parent' as note
    from focals
    where n_parents > 0
    union all
    select
        12 as stage_number,
        'focal_window_closed' as stage,
        count(*) as n_models,
        null as n_edges,
        'and has a usable date at least 90 days before the snapshot' as note
    from focals
    where
        n_parents > 0
        and is_window_closed
        and coalesce(undefined_reason, '') not in ('creation_date_floor', 'no_creation_date')
    union all
    select
        13 as stage_number,
        'mdi_defined' as stage,
        count(*) as n_models,
        null as n_edges,
        'and somebody took from it or its parents in the window: main sample of disruption_panel' as note
    from focals
    where undefined_reason is null and n_parents > 0
)

select
    stage_number,
    stage,
    cast(n_models as integer) as n_models,
    cast(n_edges as integer) as n_edges,
    note
from stages

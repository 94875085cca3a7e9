-- One row per focal in the 90-day window: the data of the disruption study's regressions.
with focals as (
    select * from {{ ref('disruption') }}
    where window_name = '90d'
),

latest as (
    select
        snapshot_id,
        snapshot_at
    from {{ ref('stg_hub__snapshots') }}
    where is_latest
),

-- Of several parents the one released first is the parent of record; unknown dates last.
first_parents as (
    select
        child_id,
        parent_id,
        is_same_owner,
        release_lag_days
    from {{ ref('lineage_edges') }}
    qualify row_number() over (
        partition by child_id order by parent_created_at nulls last, parent_id
    ) = 1
)

select
    latest.snapshot_id,
    focals.model_id,
    models.owner,
    first_parents.parent_id as first_parent_id,
    models.root_id,
    coalesce(models.relation, 'none') as relation,
    focals.mdi,
    focals.mdi_no_k,
    focals.mdi_bypass,
    focals.mdi_net,
    focals.mdi_l2,
    focals.dependence,
    focals.n_i,
    focals.n_j,
    focals.n_k,
    focals.n_j_l2,
    focals.n_i + focals.n_j as n_takers,
    focals.mdi > 0 as is_disruptive,
    focals.mdi < 0 as is_consolidative,
    models.n_parents,
    models.n_children,
    models.n_children - focals.n_i - focals.n_j as n_children_outside_window,
    models.n_descendants,
    models.generation,
    models.parameter_count,
    models.parameter_source,
    models.size_class,
    models.pipeline_tag,
    models.library_name,
    models.license,
    models.gated,
    models.is_bulk_owner,
    first_parents.is_same_owner,
    models.n_owner_releases_at_entry,
    models.n_owner_derivatives_at_entry,
    races.n_before as n_first_parent_children_at_entry,
    first_parents.release_lag_days,
    models.likes as likes_at_snapshot,
    models.downloads as downloads_at_snapshot,
    models.downloads_all_time as downloads_all_time_at_snapshot,
    benchmarks.benchmark_score,
    cast(coalesce(benchmarks.n_benchmarks, 0) as integer) as n_benchmarks,
    benchmarks.benchmark_source,
    base_benchmarks.benchmark_score as base_benchmark_score,
    cast(date_trunc('month', models.created_at) as date) as release_month,
    models.created_at,
    {{ days_between(microseconds('models.created_at'), microseconds('latest.snapshot_at')) }} as follow_up_days,
    focals.is_window_closed,
    focals.undefined_reason as sample_exclusion
from focals
cross join latest
inner join {{ ref('hub_models') }} as models on focals.model_id = models.model_id
left join first_parents on focals.model_id = first_parents.child_id
left join {{ ref('release_races') }} as races
    on first_parents.child_id = races.child_id and first_parents.parent_id = races.parent_id
left join {{ ref('int_benchmark_scores_averaged') }} as benchmarks on focals.model_id = benchmarks.model_id
left join {{ ref('int_benchmark_scores_averaged') }} as base_benchmarks on first_parents.parent_id = base_benchmarks.model_id

-- One row per base x entrant: the data of the regressions of Racing to Release.
with edges as (
    select * from {{ ref('int_lineage_edges_resolved') }}
),

latest as (
    select
        snapshot_id,
        snapshot_at
    from {{ ref('stg_hub__snapshots') }}
    where is_latest
),

-- Children and bases are looked up by key among the models that have an edge. Four look-ups by id among
-- all of 250,000 models did not fit into 250 MB.
models as (
    select
        nodes.node_key,
        nodes.created_us,
        hub_models.*
    from {{ ref('int_lineage_nodes_numbered') }} as nodes
    inner join {{ ref('hub_models') }} as hub_models on nodes.node_id = hub_models.model_id
    where nodes.is_listed
),

horizons as (
    select
        model_key,
        {{ counters_at_horizons() }}
    from {{ ref('int_counters_at_age_interpolated') }}
    group by model_key
),

joined as (
    select
        latest.snapshot_id,
        {{ days_between('children.created_us', microseconds('latest.snapshot_at')) }} as age_days_at_snapshot,
        parents.node_id as parent_id,
        children.model_id as child_id,
        edges.relation,
        edges.relation_source,
        edges.n_parents,
        edges.is_parent_listed,
        edges.is_same_owner,
        edges.child_released_us,
        edges.parent_released_us,
        races.n_entrants,
        races.n_ranked_entrants,
        races.release_rank,
        races.release_percentile,
        races.release_lag_days,
        races.previous_gap_days,
        races.n_before,
        races.release_rank_same_relation,
        races.n_ties,
        races.is_first,
        events.release_event_rank,
        events.n_release_events,
        events.release_event_percentile,
        events.n_in_release_event,
        events.is_release_event_lead,
        {%- for days in crowding_windows() %}
        {%- for kind in rival_kinds() %}
        rivals.n_rivals_{{ kind }}_{{ days }}d,
        {%- endfor %}
        {%- endfor %}
        children.owner,
        children.is_bulk_owner,
        children.n_owner_releases_at_entry,
        children.created_at,
        children.is_created_at_floor,
        bases.n_owner_releases_at_entry as n_base_owner_releases_at_base_release,
        owner_records.n_owner_models,
        owner_records.n_owner_derivatives_before,
        base_owner_records.n_owner_models as n_base_owner_models,
        base_owner_records.n_owner_derivatives_before as n_base_owner_derivatives_before_base,
        contexts.n_base_owner_derivatives_before,
        contexts.n_entries_elsewhere_before_30d,
        {{ days_between('contexts.last_entrant_us', microseconds('latest.snapshot_at')) }} as days_since_last_entrant,
        counters.snapshot_id as entry_snapshot_id,
        counters.base_likes as base_likes_at_entry,
        counters.base_downloads as base_downloads_at_entry,
        counters.base_downloads_all_time as base_downloads_all_time_at_entry,
        counters.owner_likes as owner_likes_at_entry,
        bases.created_at as base_created_at,
        bases.owner as base_owner,
        bases.generation as base_generation,
        bases.relation as base_relation,
        bases.library_name as base_library_name,
        bases.parameter_count as base_parameter_count,
        bases.pipeline_tag as base_pipeline_tag,
        bases.license as base_license,
        bases.gated as base_gated,
        bases.likes as base_likes,
        bases.downloads as base_downloads,
        bases.downloads_all_time as base_downloads_all_time,
        children.likes,
        children.downloads,
        children.downloads_all_time,
        horizons.likes_at_30d,
        horizons.likes_at_90d,
        horizons.downloads_all_time_at_30d,
        horizons.downloads_all_time_at_90d,
        children.parameter_count,
        children.size_class,
        children.pipeline_tag,
        children.library_name,
        children.license,
        children.gated,
        children.root_id,
        dates.exact_released_at,
        base_dates.exact_released_at as exact_base_released_at,
        benchmarks.benchmark_score,
        coalesce(benchmarks.n_benchmarks, 0) as n_benchmarks,
        benchmarks.benchmark_source,
        base_benchmarks.benchmark_score as base_benchmark_score
    from edges
    cross join latest
    inner join {{ ref('int_lineage_nodes_numbered') }} as parents on edges.parent_key = parents.node_key
    inner join models as children on edges.child_key = children.node_key
    inner join {{ ref('int_entrants_ranked') }} as races
        on edges.child_key = races.child_key and edges.parent_key = races.parent_key
    left join {{ ref('int_release_events_ranked') }} as events
        on edges.child_key = events.child_key and edges.parent_key = events.parent_key
    left join {{ ref('int_rivals_counted') }} as rivals
        on edges.child_key = rivals.child_key and edges.parent_key = rivals.parent_key
    left join models as bases on edges.parent_key = bases.node_key
    left join horizons on edges.child_key = horizons.model_key
    left join {{ ref('int_owner_records_counted') }} as owner_records on edges.child_key = owner_records.model_key
    left join {{ ref('int_owner_records_counted') }} as base_owner_records on edges.parent_key = base_owner_records.model_key
    left join {{ ref('int_benchmark_scores_averaged') }} as benchmarks on edges.child_key = benchmarks.model_key
    left join {{ ref('int_benchmark_scores_averaged') }} as base_benchmarks on edges.parent_key = base_benchmarks.model_key
    left join {{ ref('int_release_dates_resolved') }} as dates on edges.child_key = dates.model_key
    left join {{ ref('int_release_dates_resolved') }} as base_dates on edges.parent_key = base_dates.model_key
    left join {{ ref('int_entry_contexts_counted') }} as contexts
        on edges.child_key = contexts.child_key and edges.parent_key = contexts.parent_key
    left join {{ ref('int_counters_at_entry_found') }} as counters
        on edges.child_key = counters.child_key and edges.parent_key = counters.parent_key
)

select
    snapshot_id,
    parent_id,
    child_id,
    owner,
    base_owner,
    root_id,
    relation,
    relation_source,
    likes,
    downloads,
    downloads_all_time,
    likes_at_30d,
    likes_at_90d,
    downloads_all_time_at_30d,
    downloads_all_time_at_90d,
    cast(n_entrants as integer) as n_entrants,
    cast(n_ranked_entrants as integer) as n_ranked_entrants,
    cast(release_rank as integer) as release_rank,
    release_percentile,
    release_lag_days,
    previous_gap_days,
    cast(n_before as integer) as n_before,
    cast(release_rank_same_relation as integer) as release_rank_same_relation,
    cast(n_ties as integer) as n_ties,
    is_first,
    cast(release_event_rank as integer) as release_event_rank,
    cast(n_release_events as integer) as n_release_events,
    release_event_percentile,
    cast(n_in_release_event as integer) as n_in_release_event,
    is_release_event_lead
    {%- for days in crowding_windows() %}
    {%- for kind in rival_kinds() %},
    cast(n_rivals_{{ kind }}_{{ days }}d as integer) as n_rivals_{{ kind }}_{{ days }}d
    {%- endfor %}
    {%- endfor %},
    cast(n_entries_elsewhere_before_30d as integer) as n_entries_elsewhere_before_30d,
    days_since_last_entrant,
    cast(date_trunc('month', created_at) as date) as release_month,
    created_at,
    base_created_at,
    exact_released_at,
    exact_base_released_at,
    {{ days_between(
        'coalesce(' ~ microseconds('exact_base_released_at') ~ ', parent_released_us)',
        'coalesce(' ~ microseconds('exact_released_at') ~ ', child_released_us)'
    ) }} as release_lag_days_exact,
    exact_released_at is not null or exact_base_released_at is not null as has_exact_date,
    age_days_at_snapshot,
    cast(n_parents as integer) as n_parents,
    is_parent_listed as is_base_listed,
    is_same_owner,
    is_bulk_owner,
    n_owner_releases_at_entry,
    cast(n_owner_derivatives_before as integer) as n_owner_derivatives_at_entry,
    cast(n_base_owner_derivatives_before as integer) as n_base_owner_derivatives_at_entry,
    n_base_owner_releases_at_base_release,
    cast(n_base_owner_derivatives_before_base as integer) as n_base_owner_derivatives_at_base_release,
    entry_snapshot_id,
    base_likes_at_entry,
    base_downloads_at_entry,
    base_downloads_all_time_at_entry,
    owner_likes_at_entry,
    cast(n_owner_models as integer) as n_owner_models_at_snapshot,
    cast(n_base_owner_models as integer) as n_base_owner_models_at_snapshot,
    base_generation,
    base_relation,
    parameter_count,
    size_class,
    pipeline_tag,
    library_name,
    license,
    gated,
    base_parameter_count,
    base_pipeline_tag,
    base_library_name,
    base_license,
    base_gated,
    base_likes as base_likes_at_snapshot,
    base_downloads as base_downloads_at_snapshot,
    base_downloads_all_time as base_downloads_all_time_at_snapshot,
    benchmark_score,
    cast(n_benchmarks as integer) as n_benchmarks,
    benchmark_source,
    base_benchmark_score,
    case
        when n_parents > 1 then 'several_parents'
        when not is_parent_listed then 'base_not_listed'
        when created_at is null then 'no_creation_date'
        when is_created_at_floor then 'creation_date_floor'
        when parent_released_us is null then 'base_date_unknown'
        when child_released_us < parent_released_us then 'time_inverted'
        when age_days_at_snapshot < {{ var('panel_minimum_age_days') }} then 'too_young'
        when not is_release_event_lead then 'repeated_release_event'
        when likes is null and downloads is null then 'no_counters'
    end as sample_exclusion
from joined

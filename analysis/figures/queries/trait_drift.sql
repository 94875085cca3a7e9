-- How often does a child differ from its parent in a trait, and how often in the published study? Rates and counts are those of
-- the mart trait_drift; intervals are over families, from the edges themselves. No mart lists languages by model: no interval.
with compared as (
    select
        edges.relation,
        coalesce(changes.root_id, edges.parent_id) as root_id,
        children.pipeline_tag != parents.pipeline_tag as has_other_task,
        changes.child_license != changes.parent_license as has_other_license,
        children.architecture != parents.architecture as has_other_architecture,
        children.size_class != parents.size_class as has_other_size
    from lineage_edges as edges
    inner join hub_models as children on edges.child_id = children.model_id
    inner join hub_models as parents on edges.parent_id = parents.model_id
    left join licence_changes as changes on edges.child_id = changes.child_id and edges.parent_id = changes.parent_id
),

traits as (
    select
        relation,
        root_id,
        unnest(['task', 'license', 'architecture', 'size_class']) as trait,
        unnest([has_other_task, has_other_license, has_other_architecture, has_other_size]) as is_changed
    from compared
),

families as (
    select
        relation,
        trait,
        root_id,
        count(*) as n,
        count(*) filter (is_changed) as k
    from traits
    where is_changed is not null
    group by relation, trait, root_id
),

counted as (
    select
        *,
        sum(n) over (partition by relation, trait) as all_n,
        sum(k) over (partition by relation, trait) as all_k
    from families
),

measured as (
    select
        relation,
        trait,
        count(*) as n_clusters,
        clustered_low(k, n, all_k, all_n) as low,
        clustered_high(k, n, all_k, all_n) as high
    from counted
    group by relation, trait
)

select
    drift.trait,
    drift.relation,
    drift.n_both as n,
    measured.n_clusters,
    case when drift.n_both >= 30 then drift.mutation_rate end as value,
    case when drift.n_both >= 30 then measured.low end as low,
    case when drift.n_both >= 30 then measured.high end as high,
    drift.published_mutation_rate as published,
    (select max(snapshot_id) from disruption_panel) as snapshot_id
from trait_drift as drift
left join measured on drift.relation = measured.relation and drift.trait = measured.trait
where drift.relation in ('finetune', 'adapter', 'quantized', 'merge')
order by
    list_position(['task', 'language', 'license', 'size_class', 'architecture'], drift.trait),
    list_position(['finetune', 'adapter', 'quantized', 'merge'], drift.relation)

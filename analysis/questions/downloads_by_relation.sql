-- What share of all downloads goes to each kind of derivative, and how much of it depends on relations that the Hub itself gets
-- wrong? A small encoder with an ONNX copy beside its weights is `quantized` to the Hub, and may have the most downloads of all: such
-- children (lineage_edges.relation_doubt) are counted separately, and the one with the most downloads is named.
with doubted as (
    select distinct
        child_id,
        relation_doubt
    from {{ ref('lineage_edges') }}
    where relation_doubt is not null
),

models as (
    select
        coalesce(models.relation, 'none') as relation,
        models.model_id,
        coalesce(models.downloads, 0) as downloads,
        models.downloads is null as is_unknown,
        doubted.relation_doubt
    from {{ ref('hub_models') }} as models
    left join doubted on models.model_id = doubted.child_id
),

relations as (
    select
        relation,
        count(*) as n_models,
        count(*) filter (where is_unknown) as n_without_a_count,
        sum(downloads) as downloads,
        count(*) filter (where relation_doubt is not null) as n_doubted,
        coalesce(sum(downloads) filter (where relation_doubt is not null), 0) as downloads_doubted,
        arg_max(model_id, downloads) filter (where relation_doubt is not null) as most_downloaded_doubted
    from models
    group by relation
)

select
    relation,
    n_models,
    n_without_a_count,
    round(downloads / nullif(sum(downloads) over (), 0), 4) as share_of_downloads,
    round((downloads - downloads_doubted) / nullif(sum(downloads - downloads_doubted) over (), 0), 4) as share_without_the_doubted,
    n_doubted,
    round(downloads_doubted / nullif(downloads, 0), 4) as share_of_it_doubted,
    most_downloaded_doubted
from relations
order by downloads desc, relation asc

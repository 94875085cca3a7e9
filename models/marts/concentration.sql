-- One row per calendar year x measure: how unequally edges fall on bases.
with edges as (
    select
        parent_id,
        relation,
        cast(extract(year from child_created_at) as integer) as year
    from {{ ref('lineage_edges') }}
    where child_created_at >= timestamp '{{ var("creation_floor") }}'
),

years as (
    select distinct year from edges
),

measured as (
    select
        year,
        'new_edges' as measure,
        parent_id
    from edges
    union all
    select
        year,
        'new_' || relation || '_edges' as measure,
        parent_id
    from edges
    union all
    select
        years.year,
        'edges_to_date' as measure,
        edges.parent_id
    from years
    inner join edges on years.year >= edges.year
),

bases as (
    select
        year,
        measure,
        parent_id,
        count(*) as n_edges
    from measured
    group by year, measure, parent_id
),

placed as (
    select
        *,
        row_number() over (partition by year, measure order by n_edges, parent_id) as place_from_below,
        row_number() over (partition by year, measure order by n_edges desc, parent_id asc) as place_from_above,
        count(*) over (partition by year, measure) as n_bases
    from bases
),

-- Whole numbers up to here, so that sums are the same in any order.
summed as (
    select
        year,
        measure,
        max(n_bases) as n_bases,
        cast(sum(n_edges) as bigint) as n_edges,
        cast(sum((2 * place_from_below - n_bases - 1) * n_edges) as bigint) as gini_numerator,
        cast(sum(n_edges * n_edges) as bigint) as sum_of_squares,
        cast(sum(case when place_from_above <= 10 then n_edges else 0 end) as bigint) as top_10_edges,
        cast(sum(case when place_from_above <= 100 then n_edges else 0 end) as bigint) as top_100_edges,
        cast(sum(case when place_from_above <= ceil(n_bases / 100) then n_edges else 0 end) as bigint) as top_1_percent_edges
    from placed
    group by year, measure
)

select
    year,
    measure,
    cast(n_bases as integer) as n_bases,
    cast(n_edges as integer) as n_edges,
    gini_numerator / (cast(n_bases as double) * n_edges) as gini,
    sum_of_squares / (cast(n_edges as double) * n_edges) as hhi,
    top_10_edges / n_edges as top_10_share,
    top_100_edges / n_edges as top_100_share,
    top_1_percent_edges / n_edges as top_1_percent_share
from summed

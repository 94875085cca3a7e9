-- How often do children change a trait of their parent, and how often did they in the published study? The published snapshot is
-- the whole Hub in July 2025; a difference may come from the landing.
select
    trait,
    relation,
    n_edges,
    n_both,
    round(mutation_rate, 4) as mutation_rate,
    published_mutation_rate,
    round(mutation_rate - published_mutation_rate, 4) as difference,
    published_n_edges,
    published_source
from {{ ref('trait_drift') }}
order by trait, published_mutation_rate is null, relation

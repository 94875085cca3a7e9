-- What happens to licences from parent to child? Edges by what changes, and how many drop an obligation of the parent, or of anything
-- above it. It compares what cards say, by a short reading of licences. Not legal advice.
select
    relation,
    change,
    count(*) as n_edges,
    round(count(*) / sum(count(*)) over (partition by relation), 4) as share_of_relation,
    count(dropped) as n_that_drop_of_the_parent,
    count(dropped_on_the_way) as n_that_drop_on_the_way,
    count(*) filter (where is_way_known) as n_whose_line_is_known
from {{ ref('licence_changes') }}
group by relation, change
order by relation asc, n_edges desc, change asc

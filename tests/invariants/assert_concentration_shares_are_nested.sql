-- Ten bases hold no more than a hundred, and all measures of one year count bases that have an edge.
select *
from {{ ref('concentration') }}
where top_10_share > top_100_share or n_bases > n_edges

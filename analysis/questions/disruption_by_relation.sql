-- Are fine-tunes more disruptive than other derivatives? Counts by relation, 90-day window, models with a parent.
select
    relation,
    count(*) as n_focals,
    count(mdi) as n_defined,
    count(*) filter (where n_takers > 0) as n_with_takers,
    count(*) filter (where is_disruptive) as n_disruptive,
    round(count(*) filter (where is_disruptive) / nullif(count(mdi), 0), 4) as disruptive_share_of_defined,
    -- Having any taker explains most of it: the share among those with takers.
    round(
        count(*) filter (where is_disruptive) / nullif(count(*) filter (where mdi is not null and n_takers > 0), 0), 4
    ) as disruptive_share_of_taken
from {{ ref('disruption_panel') }}
where n_parents > 0
group by relation
order by n_focals desc, relation asc

-- Which obligations get lost? By the licence of the root and what is missing from the licence at the end of the line, with an
-- example: a derivative of a derivative often drops what its root asked for. Not legal advice: a card may be wrong, or the terms met
-- in another way.
select
    root_license,
    root_class,
    dropped_on_the_way,
    count(distinct child_id) as n_models,
    count(distinct child_id) filter (where dropped is null) as n_that_kept_to_their_parent,
    count(distinct root_id) as n_families,
    min(child_id) as example,
    min_by(child_license, child_id) as example_license
from {{ ref('licence_changes') }}
where dropped_on_the_way is not null
group by root_license, root_class, dropped_on_the_way
qualify row_number() over (order by n_models desc, root_license asc nulls last, dropped_on_the_way asc) <= 30
order by n_models desc, root_license asc nulls last, dropped_on_the_way asc

-- How large are families when a merge counts in parts? Each member with its path share, beside the members themselves: merges
-- belong to many families, and a sum over families counts them again and again.
select
    root_id,
    count(*) as n_members,
    round(sum(path_share), 2) as n_members_in_parts,
    count(*) filter (where path_share < 1) as n_members_of_several_families,
    round(avg(distance), 2) as mean_distance,
    max(distance) as longest_distance
from {{ ref('family_members') }}
group by root_id
qualify row_number() over (order by n_members desc, root_id asc) <= 20
order by n_members desc, root_id asc

-- How large are families when a merge counts by its shares? Sums of path shares beside plain counts of members: merges
-- belong to many families, and a sum over families counts them repeatedly.
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

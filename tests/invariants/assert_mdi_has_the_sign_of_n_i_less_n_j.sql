-- n_k pulls the index towards 0 and never changes its sign.
select *
from {{ ref('disruption') }}
where mdi is not null and sign(mdi) != sign(n_i - n_j)

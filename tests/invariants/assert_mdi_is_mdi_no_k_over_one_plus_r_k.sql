-- mdi = mdi_no_k / (1 + n_k / (n_i + n_j)) for every focal with takers.
select *
from {{ ref('disruption') }}
where
    mdi is not null
    and n_i + n_j > 0
    and abs(mdi - mdi_no_k / (1 + n_k / (n_i + n_j))) > 1e-12

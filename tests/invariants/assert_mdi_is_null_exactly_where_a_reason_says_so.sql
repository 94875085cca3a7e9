-- An undefined index has a reason, and a defined one has none.
select *
from {{ ref('disruption') }}
where (mdi is null) != (undefined_reason is not null)

-- An index without a value carries the reason, and no reason stands beside a value.
select *
from {{ ref('disruption') }}
where (mdi is null) != (undefined_reason is not null)

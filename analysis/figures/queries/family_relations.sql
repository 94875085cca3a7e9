-- What relations do the base's descendants have, each counted by the parent it was reached by?
with relations as (
    select
        relation,
        count(*) as n_of_relation,
        cast(sum(count(*)) over () as bigint) as n
    from family
    where distance > 0
    group by relation
)

select
    relation,
    n_of_relation,
    n,
    n_of_relation / n as share,
    (select max(snapshot_id) from disruption_panel) as snapshot_id
from relations
order by list_position(['finetune', 'adapter', 'quantized', 'merge', 'unknown'], relation)

-- The model's grain: no two rows share these columns. Nulls count as a value.
{% test is_unique_by(model, columns) %}
select
    {{ columns | join(',\n    ') }},
    count(*) as n_rows
from {{ model }}
group by
    {{ columns | join(',\n    ') }}
having count(*) > 1
{% endtest %}

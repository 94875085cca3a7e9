-- Every value occurs in a column of another model. Rows outside the condition are not checked.
{% test references_rows_of(model, column_name, to, field, condition='true') %}
select distinct referring.{{ column_name }}
from {{ model }} as referring
left join {{ to }} as referred on referred.{{ field }} = referring.{{ column_name }}
where
    ({{ condition }})
    and referring.{{ column_name }} is not null
    and referred.{{ field }} is null
{% endtest %}

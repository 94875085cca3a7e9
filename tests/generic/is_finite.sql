-- No infinity and no NaN: the engine answers 1 / 0 and ln(0) with them, and they look like numbers.
{% test is_finite(model, column_name) %}
select {{ column_name }}
from {{ model }}
where not {{ is_finite_value(column_name) }}
{% endtest %}

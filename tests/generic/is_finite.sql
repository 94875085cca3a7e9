-- No infinity and no NaN: the engine gives them for 1 / 0 and ln(0), and they pass as numbers.
{% test is_finite(model, column_name) %}
select {{ column_name }}
from {{ model }}
where not {{ is_finite_value(column_name) }}
{% endtest %}

-- Every value lies between the bounds, both included. Either bound may be left out; nulls pass.
{% test is_within(model, column_name, at_least='null', at_most='null') %}
select {{ column_name }}
from {{ model }}
where {{ column_name }} < {{ at_least }} or {{ column_name }} > {{ at_most }}
{% endtest %}

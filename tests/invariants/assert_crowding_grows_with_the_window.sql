-- Rivals of a shorter window are rivals of a longer one.
{# Windows side by side take less than half as long as sorting them and comparing each with the one before. #}
{%- set windows = crowding_windows() %}
select
    parent_id,
    child_id
from {{ ref('crowding') }}
group by parent_id, child_id
having
    {%- for counted in ['n_rivals_before', 'n_rivals_after', 'n_rivals_around'] %}
    {%- set either = loop %}
    {%- for days in windows[1:] %}
    {{ 'or ' if not (either.first and loop.first) }}max(case when window_days = {{ windows[loop.index0] }} then {{ counted }} end)
    > max(case when window_days = {{ days }} then {{ counted }} end)
    {%- endfor %}
    {%- endfor %}

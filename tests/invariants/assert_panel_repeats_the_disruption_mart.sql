-- Each focal of the 90-day window is one row of the panel, with the same index.
select
    focals.model_id,
    focals.mdi,
    panel.mdi as panel_mdi
from {{ ref('disruption') }} as focals
left join {{ ref('disruption_panel') }} as panel on focals.model_id = panel.model_id
where
    focals.window_name = '90d'
    and (panel.model_id is null or panel.mdi is distinct from focals.mdi)

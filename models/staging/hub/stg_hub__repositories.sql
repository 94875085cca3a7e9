-- One row per repository ever listed: a number for its immutable id or, without one, its name.
{{ config(materialized=incremental_or_table()) }}
with listed as (
    select
        coalesce(hub_oid, model_id_lower) as repository,
        min(reading_number) as reading_number
    from {{ ref('stg_hub__models') }} as models
    where {{ is_new_reading('models') }}
    group by repository
),

unknown as (
    select * from listed
    {% if is_incremental() -%}
    where repository not in (select known.repository from {{ this }} as known)
    {%- endif %}
)

select
    {% if is_incremental() -%}
    (select coalesce(max(known.repository_key), 0) from {{ this }} as known) +
    {%- endif %}
    row_number() over (order by repository) as repository_key,
    repository,
    reading_number
from unknown

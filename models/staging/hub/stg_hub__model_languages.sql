-- One row per Hub model in the latest snapshot x language that its card names.
with latest as (
    select snapshot_id from {{ ref('stg_hub__snapshots') }}
    where is_latest
),

card_values as (
    select
        models.model_key,
        {{ each_value('models.card_languages') }} as value
    from {{ ref('stg_hub__models') }} as models
    inner join latest on models.snapshot_id = latest.snapshot_id
    where models.card_languages is not null
),

words as (
    select
        model_key,
        lower({{ trim_spaces(json_text('value', '$')) }}) as language
    from card_values
    where {{ type_of_json('value') }} = 'VARCHAR'
)

select distinct
    model_key,
    language
from words
where language != ''

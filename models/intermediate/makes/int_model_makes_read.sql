-- One row per Hub model in the latest snapshot: the modality of its task or library, and the series in its name.
with models as (
    select
        model_key,
        lower(pipeline_tag) as task,
        lower(library_name) as library,
        repository_name
    from {{ ref('int_models_listed') }}
),

read as (
    select
        model_key,
        task,
        library,
        {{ series_word('repository_name') }} as series_word,
        {{ behind_series_word('repository_name') }} as behind
    from models
),

versioned as (
    select
        model_key,
        task,
        library,
        series_word,
        case when series_word != '' then {{ series_version('behind') }} else '' end as version
    from read
)

select
    versioned.model_key,
    coalesce(tasks.modality, libraries.modality) as modality,
    {{ series_with_version('versioned.series_word', 'versioned.version') }} as model_series
from versioned
left join {{ ref('modality_signals') }} as tasks
    on versioned.task = tasks.word and tasks.signal = 'task'
left join {{ ref('modality_signals') }} as libraries
    on versioned.library = libraries.word and libraries.signal = 'library'

-- One row per Hub model in the latest snapshot: what its task or library works on, and the series that its name says it belongs to.
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
    case versioned.series_word
        {%- for word, (series, joint) in known_series().items() %}
        when '{{ word }}' then '{{ series }}' || case
            when versioned.version = '' then ''
            {%- if joint == '-' %}
            else '-' || upper(versioned.version)
            {%- else %}
            else '{{ joint }}' || {{ replace_pattern('versioned.version', '^v', '') }}
            {%- endif %}
        end
        {%- endfor %}
    end as model_series
from versioned
left join {{ ref('modality_signals') }} as tasks on tasks.signal = 'task' and tasks.word = versioned.task
left join {{ ref('modality_signals') }} as libraries
    on libraries.signal = 'library' and libraries.word = versioned.library
